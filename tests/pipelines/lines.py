"""The shell lines of the example pipelines, as Jenkins, GitHub and GitLab would run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"

_STAGE = re.compile(r"stage\('([^']+)'\)")
_SH = re.compile(r"\bsh (?:'''(.*?)'''|'([^']*)')", re.DOTALL)
_VARIABLE = re.compile(r"^        (\w+) = '([^']*)'$", re.MULTILINE)
_EXPRESSION = re.compile(r"\$\{\{ *([\w.]+) *\}\}")


class Step(msgspec.Struct, frozen=True):
    """One script, and where it stands."""

    name: str
    script: str
    shell: tuple[str, ...]


class Pipeline(msgspec.Struct, frozen=True):
    steps: tuple[Step, ...]
    variables: dict[str, str]
    """Those that the file itself sets."""


def jenkins() -> Pipeline:
    """Groovy takes a backslash at the end of a line away, with the line's end."""
    text = (EXAMPLES / "jenkins" / "Jenkinsfile").read_text()
    stages = [(found.start(), found[1]) for found in _STAGE.finditer(text)]
    steps = []
    for found in _SH.finditer(text):
        name = max((at, name) for at, name in stages if at < found.start())[1]
        script = (found[1] or found[2]).replace("\\\n", "")
        steps.append(Step(name, script, ("sh", "-e", "-c")))
    return Pipeline(tuple(steps), dict(_VARIABLE.findall(text)))


def github(context: dict[str, str]) -> Pipeline:
    """With the values of `${{ … }}`; every one that the file asks for must be there."""
    data: dict[str, Any] = yaml.safe_load((EXAMPLES / "github-actions" / "ship.yml").read_text())
    (job,) = data["jobs"].values()
    assert not any("uses" in step for step in job["steps"])
    steps = [Step(one["name"], one["run"], ("bash", "-e", "-c")) for one in job["steps"]]
    assert not any(_EXPRESSION.search(step.script) for step in steps)
    variables = {
        name: _EXPRESSION.sub(lambda found: context[found[1]], value)
        for name, value in data["env"].items()
    }
    return Pipeline(tuple(steps), variables)


def gitlab(context: dict[str, str]) -> Pipeline:
    """Each job is one script."""
    data: dict[str, Any] = yaml.safe_load((EXAMPLES / "gitlab" / ".gitlab-ci.yml").read_text())
    jobs = [
        (name, job)
        for stage in data["stages"]
        for name, job in data.items()
        if isinstance(job, dict) and job.get("stage") == stage
    ]
    steps = [
        Step(name, "\n".join(job["script"]), ("bash", "-eo", "pipefail", "-c"))
        for name, job in jobs
    ]
    variables = {
        name: value if not value.startswith("$") else context[value[1:]]
        for name, value in data["variables"].items()
    }
    return Pipeline(tuple(steps), variables)
