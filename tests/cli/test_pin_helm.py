"""A chart that knows no `digest`, rendered by Helm's own code with a tag that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import helm_python
import yaml

from tests.builders import DIGEST
from tests.cli.checking import write
from tests.cli.runs import cocket
from tests.cli.test_pin import known

if TYPE_CHECKING:
    from pathlib import Path

_VALUES = 'image:\n  repository: r.example.com/prod/web   # ours\n  tag: "1.25"\n'
_POD = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: app
    image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
"""


def chart(folder: Path) -> Path:
    """A chart as many are; gives its values."""
    (folder / "templates").mkdir(parents=True)
    write(folder / "Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    write(folder / "templates" / "pod.yaml", _POD)
    return write(folder / "values.yaml", _VALUES)


def test_what_helm_makes_of_the_tag_is_named_by_a_digest(tmp_path: Path) -> None:
    values = chart(tmp_path / "chart")
    facts = known(tmp_path, f"r.example.com/prod/web:1.25@{DIGEST}")
    arguments = ("pin", "--offline", "--facts", facts, "--write", values)
    without = cocket(*arguments)
    done = cocket(*arguments, "--helm-tag-digest")

    assert (without.exit_code, done.exit_code) == (1, 0)
    assert "let the tag take it with --helm-tag-digest" in without.stderr
    assert values.read_text() == _VALUES.replace('"1.25"', f'"1.25@{DIGEST}"')
    with helm_python.Chart.load(tmp_path / "chart") as loaded:
        (rendered,) = loaded.render(name="web", namespace="shop").values()
    (container,) = yaml.safe_load(rendered)["spec"]["containers"]
    assert container["image"] == f"r.example.com/prod/web:1.25@{DIGEST}"


def test_a_check_asks_for_what_the_tag_could_take(tmp_path: Path) -> None:
    values = chart(tmp_path / "chart")

    done = cocket("pin", "--check", "--helm-tag-digest", values)

    assert done.exit_code == 1
    assert done.stdout == f"{values}:3: r.example.com/prod/web:1.25: has no digest\n"


def test_values_come_through_a_pipe_too(tmp_path: Path) -> None:
    facts = known(tmp_path, f"r.example.com/prod/web:1.25@{DIGEST}")
    name = ("--stdin-filename", "values.yaml")
    done = cocket(
        "pin", "-", *name, "--helm-tag-digest", "--offline", "--facts", facts, stdin=_VALUES
    )

    assert (done.exit_code, done.stdout) == (0, _VALUES.replace("1.25", f"1.25@{DIGEST}"))
