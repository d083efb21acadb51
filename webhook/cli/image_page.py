"""What `cocket image` prints, report by report, in the form that was asked for."""

from __future__ import annotations

import sys
from typing import Literal

from webhook.cli.exit_codes import FOUND, GOOD
from webhook.core.image import ImageRef
from webhook.errors import InvalidImageError
from webhook.reports.images import ImageReport, image_json, image_table

Format = Literal["table", "json", "jsonl"]

TOGETHER = 16
"""Names that are read before they are asked about together; output keeps their order."""


class Page:
    """What is printed, report by report; nothing is kept."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._code = GOOD
        self._between = "[\n" if form == "json" else ""

    def write(self, report: ImageReport) -> None:
        """Print one report."""
        text = image_table(report) if self._form == "table" else image_json(report)
        end = "\n" if self._form == "jsonl" else ""
        sys.stdout.write(f"{self._between}{text}{end}")
        self._between = {"table": "\n", "json": ",\n", "jsonl": ""}[self._form]
        self._code = self._code if report.good else FOUND

    def end(self) -> int:
        """Print what closes the document, and tell the exit code."""
        if self._form == "json":
            sys.stdout.write("[]\n" if self._between == "[\n" else "\n]\n")
        return self._code


def parsed(text: str) -> ImageReport:
    """What the name alone says."""
    try:
        return ImageReport(text, ImageRef.parse(text))
    except InvalidImageError as error:
        return ImageReport(text, str(error))
