"""What runs, for programs."""

from __future__ import annotations

import json

from tests.builders import DIGEST, REVISION, use
from tests.reports.test_running_table import WHY, image, looked
from webhook.reports.audited import RunningImage
from webhook.reports.running_json import render_running_json, render_running_jsonl


def test_a_document_says_everything() -> None:
    found = json.loads(render_running_json(looked(image())))

    assert {key: found[key] for key in found if key != "containers"} == {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "Running",
        "taken": "2026-11-28T17:05:00Z",
        "cluster": "prod-eu-1",
        "missing": [],
    }
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop"}
    assert found["containers"] == [
        {
            "workload": workload | {"name": "web", "uid": ""},
            "pods": 2,
            "container": "app",
            "role": "container",
            "image": f"registry.example.com/prod/web@{DIGEST}",
            "digest": DIGEST,
            "running": [],
            "os": {"name": "Debian 12", "endOfLife": "2028-06-30", "ended": False},
            "application": "acme/web",
            "commit": REVISION,
            "commitUrl": f"https://github.com/acme/web/commit/{REVISION}",
            "commitFrom": "label",
            "source": "https://github.com/acme/web",
            "sourceFrom": "label",
            "built": "2026-11-20T08:00:00Z",
            "builtFrom": "label",
            "ageDays": 8,
            "agreement": None,
            "differences": None,
            "pid1": "init tini: /sbin/tini -- /app",
            "stopSignal": "SIGTERM",
            "sure": "files in layers",
            "detail": None,
            "unknown": None,
        }
    ]


def test_what_is_not_known_is_null_and_says_why() -> None:
    one = RunningImage(use=use("web:1"), digest="", facts=WHY)

    [line] = render_running_jsonl(looked(one)).splitlines()
    found = json.loads(line)

    assert found["unknown"] == {"reason": "not-found", "detail": "not recorded yet: no operator"}
    assert found["sure"] == "unknown"
    for field in ("digest", "os", "application", "commit", "built", "ageDays", "pid1"):
        assert found[field] is None
