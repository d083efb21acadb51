"""The rule agrees with the judgement of hundreds of real image configs, but for these six."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, config, facts, image, pod, use
from webhook.core.rules.init import InitRule
from webhook.core.rules.knob import Knob
from webhook.core.verdict import Outcome

IMAGES = Path(__file__).parents[2] / "data" / "images"
EXPECTED = {
    "init": {Outcome.PASS},
    "shell-form": {Outcome.FAIL},
    "exec-form-no-init": {Outcome.FAIL},
    "script-entrypoint": {Outcome.UNKNOWN, Outcome.PASS},
    "windows": {Outcome.SKIP},
    "no-command": {Outcome.SKIP},
}
OTHERWISE = {
    ("meilisearch/meilisearch", "Dockerfile"): (
        "tini -- sh -c /bin/meilisearch: there is an init, and the signal is lost behind it"
    ),
    ("chainguard-images/images", "images/node/example/Dockerfile"): (
        'Entrypoint [""] counts as none in containerd, so that Cmd starts dumb-init'
    ),
    ("chainguard-dev/edu", "scripts/Dockerfile.ai-docs"): (
        "nothing in the name /usr/local/bin/list-contents says that it is a script"
    ),
    ("linkerd/linkerd2", "web/Dockerfile"): "nothing in the name ./web says that it is a script",
    ("prometheus/node_exporter", "Dockerfile"): (
        "nothing in the name /bin/node_exporter says that it is a script"
    ),
    ("prometheus/node_exporter", "Dockerfile.distroless"): (
        "nothing in the name /bin/node_exporter says that it is a script"
    ),
}
"""Where ours is right, or where the file must be read to be as right as the corpus is."""


def records() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(IMAGES.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def key(record: dict[str, Any]) -> tuple[str, str]:
    return (record.get("repo") or record["name"], record.get("path") or record.get("tag") or "")


def agrees(record: dict[str, Any]) -> bool:
    one = config(
        entrypoint=tuple(record["Entrypoint"] or ()),
        cmd=tuple(record["Cmd"] or ()),
        os=record["os"],
    )
    rule = InitRule(servers=Knob.DENY, scripts=Knob.WARN, supervisors=Knob.ACCEPT)
    answer = rule.check(use(), pod(), image("example.com/x/y", facts(one)), NOW)
    return answer.outcome in EXPECTED[record["verdict"]]


def test_at_least_99_in_100_real_images_are_judged_as_people_judged_them() -> None:
    everything = records()
    others = [record for record in everything if not agrees(record)]
    for record in others:
        print(key(record), record["verdict"], record["Entrypoint"], record["Cmd"])  # noqa: T201 - shown when it fails

    assert len(everything) == 767
    assert 1 - len(others) / len(everything) >= 0.99
    assert {key(record) for record in others} == set(OTHERWISE)


@pytest.mark.parametrize("verdict", sorted(EXPECTED))
def test_each_verdict_is_in_the_corpus(verdict: str) -> None:
    assert any(record["verdict"] == verdict for record in records())
