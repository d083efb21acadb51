from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.admission.findings import finding
from tests.admission.serving import real_review, serving
from webhook.admission.answer import Answer
from webhook.admission.decisions import Judged, decision_of, logged
from webhook.admission.review import Asked
from webhook.core.facts import Reason
from webhook.core.verdict import Mode


def lines(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


async def test_a_decision_says_what_was_asked_and_what_was_answered(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with serving(log=log) as server:
        await server.ask(real_review("pod-create"))
        await server.ask(real_review("pod-ephemeralcontainers-update"))

    good, bad = lines(log)
    assert good.pop("ms") > 0
    assert good == {
        "event": "decision",
        "time": "2026-11-23T12:00:00Z",
        "uid": "2f88bb43-27c4-47e1-a438-d28b96216c07",
        "decision": "allowed",
        "allowed": True,
        "kind": "Pod",
        "namespace": "default",
        "name": "web",
        "operation": "CREATE",
        "user": "admin",
        "images": 3,
    }
    assert bad["subResource"] == "ephemeralcontainers"
    assert bad["allowed"] is False
    assert bad["failed"] == 1
    [found] = bad["findings"]
    assert found.pop("message").startswith("busybox has no tag")
    assert found == {
        "policy": "production",
        "rule": "digest",
        "outcome": "fail",
        "mode": "enforce",
        "container": "dbg",
        "image": "busybox",
    }


async def test_a_dry_run_is_marked(tmp_path: Path) -> None:
    review = real_review("pod-create")
    review["request"]["dryRun"] = True
    async with serving(log=tmp_path / "log") as server:
        await server.ask(review)

    assert lines(tmp_path / "log")[0]["dryRun"] is True


async def test_what_was_not_judged_says_why(tmp_path: Path) -> None:
    review = real_review("pod-create")
    review["request"]["object"] = 7
    async with serving(log=tmp_path / "log") as server:
        await server.ask(review)

    [line] = lines(tmp_path / "log")
    assert line["cause"] == "unreadable"
    assert line["uid"] == review["request"]["uid"]


async def test_what_strangers_write_stays_on_its_line(tmp_path: Path) -> None:
    review = real_review("pod-create")
    review["request"]["userInfo"]["username"] = 'x\n{"event":"decision"}\x1b[2J\u202e'
    review["request"]["object"]["metadata"]["name"] = "n" * 100_000
    async with serving(log=tmp_path / "log") as server:
        await server.ask(review)

    [line] = lines(tmp_path / "log")
    assert line["user"].isprintable()
    assert len(line["name"]) == 300


def test_a_line_bears_twenty_findings_and_those_that_refuse_come_first() -> None:
    warning, denial = finding(mode=Mode.WARN), finding(reason=Reason.UNREACHABLE)
    found = logged([warning] * 30 + [denial])

    assert len(found) == 20
    assert [one.mode for one in found[:2]] == [Mode.ENFORCE, Mode.WARN]
    assert found[0].reason is Reason.UNREACHABLE


def test_a_line_names_the_exception_that_let_it_through() -> None:
    (found,) = logged([finding(mode=Mode.WARN, exception="security/web")])

    assert found.exception == "security/web"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("we\u202eb", "we\\u202eb"), ("a" * 400, "a" * 299 + "…")],
    ids=["turns what is read", "longer than a line bears"],
)
def test_a_name_that_is_not_fit_to_be_read_is_made_so(name: str, shown: str) -> None:
    asked = Asked("uid", "Pod", "shop", name, "CREATE", "", "admin", False, None)  # noqa: FBT003
    judged = Judged(datetime(2026, 11, 29, tzinfo=UTC), asked, Answer(b"", "allowed"), (), 0.001)

    line = decision_of(judged)

    assert (line.name, line.namespace, line.user) == (shown, "shop", "admin")
