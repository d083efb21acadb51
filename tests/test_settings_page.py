"""docs/settings.md tells of every limit and every variable that there is, with the default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.crds import ROOT
from webhook import settings
from webhook.core import judge
from webhook.layers.limits import Limits
from webhook.registry.cloud.place import CloudPlace
from webhook.settings import Settings

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def chapter(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def told(title: str) -> dict[str, float]:
    """Names and defaults of a table, sizes in bytes."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+)(?: (\w+))? \| .+ \|$", chapter(title), re.MULTILINE)
    return {name: float(number) * _UNITS.get(unit, 1) for name, number, unit in rows}


@pytest.mark.parametrize(
    ("title", "limits"),
    [("Limits of a process", Settings()), ("Limits of one image's layers", Limits())],
)
def test_every_limit_stands_there_with_its_default(title: str, limits: Settings | Limits) -> None:
    there = {name: getattr(limits, name) for name in limits.__struct_fields__}

    assert told(title) == there


def test_what_one_object_may_hold_is_told() -> None:
    images, places, words = judge.MAX_IMAGES, judge.MAX_USES, judge.MAX_WORDS // 1024
    said = f"{images} distinct images, {places} places or {words} Ki characters of commands"

    assert said in chapter("Limits of a process")


def test_every_variable_that_is_read_stands_there() -> None:
    source = Path(settings.__file__).read_text(encoding="utf-8")
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', source))
    read |= {name.upper() for name in CloudPlace.__struct_fields__}

    assert read
    assert read | {"KUBECONFIG"} == set(
        re.findall(r"`([A-Z][A-Z0-9_]+)`", chapter("Variables of the environment"))
    )
