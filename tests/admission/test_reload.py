import logging
from pathlib import Path

import pytest

from webhook.admission.metrics import Metrics
from webhook.admission.reload import Reload, read_contents
from webhook.errors import InputError


def make(value: str) -> str:
    """What is made of a value; `bad` is no good."""
    if value == "bad":
        raise InputError("it is bad")
    return value.upper()


class Watched:
    """A reload whose file is an attribute."""

    def __init__(self) -> None:
        self.file: str | None = "first"
        self.taken: list[str] = []
        self.metrics = Metrics()
        self.reload = Reload(
            "thing",
            read=self.read,
            make=make,
            take=self.taken.append,
            before="first",
            metrics=self.metrics,
        )

    def read(self) -> str:
        if self.file is None:
            raise InputError("thing.yaml: cannot be read")
        return self.file


async def test_what_did_not_change_is_not_taken_again() -> None:
    watched = Watched()

    await watched.reload.look()

    assert watched.taken == []
    assert not watched.metrics.reloads


async def test_what_changed_is_taken_once() -> None:
    watched = Watched()
    watched.file = "second"

    await watched.reload.look()
    await watched.reload.look()

    assert watched.taken == ["SECOND"]
    assert watched.metrics.reloads == {("thing", "ok"): 1}


@pytest.mark.parametrize("broken", ["bad", None], ids=["no good", "unreadable"])
async def test_what_is_broken_leaves_the_old_in_force_and_is_said_once(
    broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched()
    watched.file = broken

    for _ in range(3):
        await watched.reload.look()

    assert watched.taken == []
    assert watched.metrics.reloads == {("thing", "failed"): 1}
    assert watched.metrics.reload_failing == {"thing": True}
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "stays in force" in record.getMessage()


@pytest.mark.parametrize(("mended", "taken"), [("first", []), ("second", ["SECOND"])])
async def test_what_is_mended_ends_the_alarm(mended: str, taken: list[str]) -> None:
    watched = Watched()
    for file in ("bad", mended):
        watched.file = file
        await watched.reload.look()

    assert watched.taken == taken
    assert watched.metrics.reload_failing == {"thing": False}


async def test_what_could_not_be_used_yet_is_tried_again() -> None:
    tries: list[str] = []

    def ripens(value: str) -> str:
        tries.append(value)
        if len(tries) < 3:
            raise InputError("not valid before tomorrow")
        return value

    taken: list[str] = []
    reload = Reload(
        "thing",
        read=lambda: "new",
        make=ripens,
        take=taken.append,
        before="old",
        metrics=Metrics(),
    )
    for _ in range(4):
        await reload.look()

    assert taken == ["new"]


def test_contents_change_with_any_of_the_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    before = read_contents([one, two])
    assert read_contents([one, two]) == before

    two.write_bytes(b"3")

    assert read_contents([one, two]) != before


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone: cannot be read: No such file"):
        read_contents([tmp_path / "gone"])
