"""What runs, a line for each container: columns for people, and how a terminal may show them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Unknown
from webhook.core.printable import printable
from webhook.core.workload import Role
from webhook.reports.running import Sure, known_of
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE, many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from webhook.reports.audited import Audit, Audited, RunningImage
    from webhook.reports.running import Known

HEAD = (
    *("WORKLOAD", "CONTAINER", "IMAGE", "OS", "APPLICATION", "COMMIT", "BUILT"),
    *("PID 1", "STOP", "HOW SURE"),
)
WIDE = ("PODS", "DIGEST", "LINK")
"""Columns that stand behind the others where there is room."""
NAMESPACE = "NAMESPACE"
_NONE = "-"
_SHORT_COMMIT = 12
_SHORT_PID1 = 48
_SHORT_OS = 48


class Tone(StrEnum):
    """What a cell says of itself."""

    PLAIN = "plain"
    HEAD = "head"
    GOOD = "good"
    WEAK = "weak"
    BAD = "bad"


class Cell(msgspec.Struct, frozen=True):
    """One printable text, and where it leads."""

    text: str
    tone: Tone = Tone.PLAIN
    link: str = ""
    """http(s), of printable ASCII; empty: nowhere."""


def running_rows(audit: Audit, *, namespaces: bool, wide: bool) -> list[tuple[Cell, ...]]:
    """The head and a row for each container, as wide as they come.

    Args:
        audit: what runs, as `webhook.audit.running` gives it.
        namespaces: whether the first column is the namespace.
        wide: whether nothing is cut, and more is said.
    """
    names = (*((NAMESPACE,) if namespaces else ()), *HEAD, *(WIDE if wide else ()))
    rows = [tuple(Cell(name, Tone.HEAD) for name in names)]
    for one in audit.audited:
        for image in one.images:
            row = _row(one, image, audit.taken, wide=wide)
            first = (Cell(printable(one.owner.namespace, MAX_NAME)),) if namespaces else ()
            rows.append((*first, *row))
    return rows


def aligned(rows: Sequence[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """The same rows with blanks behind their texts, so that columns stand below each other."""
    widths = [max(map(len, texts)) + 2 for texts in zip(*map(_texts, rows), strict=True)]
    for row in rows:
        yield tuple(
            msgspec.structs.replace(cell, text=cell.text.ljust(width))
            for cell, width in zip(row, widths, strict=True)
        )


def _texts(row: tuple[Cell, ...]) -> list[str]:
    return [cell.text for cell in row]


def unknown_line(audit: Audit) -> str:
    """How many of all containers are not known; empty where all are."""
    images = [image for one in audit.audited for image in one.images]
    unknown = sum(isinstance(image.facts, Unknown) for image in images)
    return f"{unknown} of {many(len(images), 'container')} not known" if unknown else ""


def _row(one: Audited, image: RunningImage, taken: datetime, *, wide: bool) -> tuple[Cell, ...]:
    known = known_of(image, taken)
    long = MAX_SENTENCE if wide else _SHORT_PID1
    commit = known.commit if wide or "(" in known.commit else known.commit[:_SHORT_COMMIT]
    cells = [
        Cell(printable(f"{one.owner.kind}/{one.owner.name}", MAX_NAME)),
        Cell(_container(image)),
        Cell(known.name if wide else known.short),
        _system(known, MAX_SENTENCE if wide else _SHORT_OS),
        _cell(known.application, link=known.source_url),
        _commit(commit, known),
        _cell(_built(known)),
        _cell(printable(known.pid1, long)),
        _cell(known.stop),
        _sure(known, image),
    ]
    if wide:
        cells += [Cell(str(one.pods)), _cell(image.digest), _cell(known.commit_url)]
    return tuple(cells)


def _container(image: RunningImage) -> str:
    name = printable(image.use.container, MAX_NAME)
    return name if image.use.role is Role.CONTAINER else f"{name} ({image.use.role})"


def _commit(commit: str, known: Known) -> Cell:
    """The commit, and whether something else is said of it, which stands behind how sure it is."""
    if not known.differences:
        return _cell(commit, link=known.commit_url)
    disputed = _cell(f"{commit} (disputed)".strip(), link=known.commit_url)
    return msgspec.structs.replace(disputed, tone=Tone.BAD)


def _system(known: Known, limit: int) -> Cell:
    name = printable(known.system, limit)
    if not known.until:
        return _cell(name)
    if known.ended:
        return Cell(f"{name}, ended {known.until}", Tone.BAD)
    return Cell(f"{name}, until {known.until}")


def _built(known: Known) -> str:
    if known.days is None:
        return known.built
    ago = f"{many(known.days, 'day')} ago" if known.days else "today"
    return f"{known.built[:10]}, {ago if known.days >= 0 else 'in the future'}"


def _sure(known: Known, image: RunningImage) -> Cell:
    if isinstance(image.facts, Unknown):
        why = image.facts.detail or image.facts.reason
        return Cell(f"{Sure.UNKNOWN}: {printable(why, MAX_SENTENCE)}", Tone.BAD)
    text = f"{known.sure} ({known.detail})" if known.detail else str(known.sure)
    if known.differences:
        return Cell(f"{text}; {known.differences}", Tone.BAD)
    return Cell(text, Tone.GOOD if known.sure in {Sure.FILES, Sure.ATTESTED} else Tone.WEAK)


def _cell(text: str, *, link: str = "") -> Cell:
    if not text:
        return Cell(_NONE, Tone.WEAK)
    # Whatever stands there ends in an escape sequence of the terminal.
    return Cell(text, link=link if link.isascii() and link.isprintable() else "")
