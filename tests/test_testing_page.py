"""The page about tests of policies shows what is read, and its example passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.builders import refusal
from tests.cli.runs import cocket
from tests.trials.policy_tests import problem, spec, trial
from webhook.core.document import Document
from webhook.trials.expected import Decision
from webhook.trials.fields import read_policy_test

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")


def fields(of: str) -> list[str]:
    table = PAGE.partition(f"| field of `{of}` |")[2].partition("\n\n")[0]
    first = [row.split(" | ")[0] for row in table.splitlines()[2:]]
    return [name for cell in first for name in re.findall(r"`(\w+)`", cell)]


def known(said: str) -> list[str]:
    return said.partition("known: ")[2].split(", ")


IMAGE = {"image": "a.b/c", "zzz": 1}


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("spec", problem(spec(zzz=1, facts=["x"]))),
        ("images[]", problem(spec(images=[IMAGE]))),
        ("tests[]", problem(spec(trial(zzz=1)))),
        ("expect", problem(spec(trial(expect={"verdict": "allowed", "zzz": 1})))),
    ],
)
def test_every_field_is_explained_and_no_other(of: str, said: str) -> None:
    assert "zzz: unknown field; known: " in said
    assert sorted(fields(of)) == sorted(known(said))


def test_every_verdict_is_explained() -> None:
    [row] = re.findall(r"^\| `verdict` \|.*$", PAGE, re.MULTILINE)

    assert [one for one in Decision if f"`{one}`" not in row] == []


def test_the_example_passes(tmp_path: Path) -> None:
    [text] = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "cocket-test.yaml"
    file.write_text(text.replace("../", f"{ROOT}/examples/"), encoding="utf-8")
    done = cocket("test", file)

    assert done.exit_code == 0, done.stdout


def test_an_empty_document_is_no_test() -> None:
    assert refusal(lambda: read_policy_test(Document("", 0, {}))) == "kind is missing"
