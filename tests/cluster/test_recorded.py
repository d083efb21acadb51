from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import config, facts
from webhook.cluster.mirror import Mirror
from webhook.cluster.recorded import Item, RecordedFacts
from webhook.core.recorded import name_of, spec_of

DIGEST = "sha256:" + "ab" * 32
NAME = name_of(DIGEST)


def spec(digest: str = DIGEST, **changes: object) -> dict[str, object]:
    found = spec_of(
        facts(config(), digest=digest), image="registry.example.com/prod/web", registries=["prod"]
    )
    return {**found, **changes}


class Told(RecordedFacts):
    """Recorded facts that are told what a watch would tell."""

    def __init__(self) -> None:
        super().__init__(api=None)  # type: ignore[arg-type]  # never asked
        self.version = 0

    def put(self, name: str, content: object) -> None:
        self.version += 1
        document = {
            "metadata": {"name": name, "resourceVersion": str(self.version)},
            "spec": content,
            "status": {"usedBy": {"count": 1}},
        }
        item = msgspec.json.decode(msgspec.json.encode(document), type=Item)
        value = self.keep(item)
        self.mirror.held["", name] = value
        self.forget(("", name), value)

    def drop(self, name: str) -> None:
        del self.mirror.held["", name]
        self.forget(("", name), None)


def test_what_is_recorded_is_known_and_in_use() -> None:
    told = Told()

    told.put(NAME, spec())

    known = told.facts(DIGEST)
    assert known is not None
    assert [one.config for one in known.platforms] == [config()]
    assert [one.digest for one in known.platforms] == [DIGEST]
    assert known.digest == DIGEST
    assert told.facts(DIGEST) is known
    assert told.in_use(DIGEST)
    assert not told.ignored
    assert not told.unlearned


def test_what_nobody_recorded_is_not_known() -> None:
    told = Told()

    assert told.facts(DIGEST) is None
    assert not told.in_use(DIGEST)


def test_what_is_not_learned_yet_is_only_in_use() -> None:
    told = Told()

    told.put(NAME, spec(platforms=[]))

    assert told.facts(DIGEST) is None
    assert told.in_use(DIGEST)
    assert told.unlearned == {("", NAME)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (NAME, spec("sha256:" + "cd" * 32)),
        ("sha256-" + "cd" * 32, spec()),
        ("web", spec()),
        (NAME, None),
        (NAME, []),
        (NAME, {}),
        (NAME, {**spec(), "digest": 7}),
        (NAME, spec(platforms={})),
        (NAME, spec(platforms=[{"platform": "linux/amd64", "config": {"cmd": "sh"}}])),
        (NAME, spec(padding="x" * 200_000)),
    ],
    ids=[
        *("another digest", "another name", "no digest's name", "null", "list", "empty"),
        *("digest a number", "platforms a map", "cmd a text", "too large"),
    ],
)
def test_what_cannot_be_used_is_ignored_and_counted(name: str, content: object) -> None:
    told = Told()

    told.put(name, content)

    assert told.facts(DIGEST) is None
    assert not told.in_use(DIGEST)
    assert told.ignored == {("", name)}


def test_what_is_recorded_anew_is_read_anew() -> None:
    told = Told()
    told.put(NAME, spec())
    before = told.facts(DIGEST)
    labels = {"org.opencontainers.image.revision": "other"}
    changed = spec_of(
        facts(config(labels=labels), digest=DIGEST), image="r.example.com/a", registries=[]
    )

    told.put(NAME, changed)

    after = told.facts(DIGEST)
    assert after is not None
    assert before is not None
    assert after.platforms[0].config.labels == tuple(labels.items())


@pytest.mark.parametrize("content", [spec(), spec(platforms=[]), None])
def test_what_is_gone_is_forgotten(content: Any) -> None:
    told = Told()
    told.put(NAME, content)
    told.facts(DIGEST)

    told.drop(NAME)

    assert told.facts(DIGEST) is None
    assert not told.in_use(DIGEST)
    assert not told.ignored
    assert not told.unlearned


def test_what_was_ignored_may_be_mended() -> None:
    told = Told()
    told.put(NAME, None)

    told.put(NAME, spec())

    assert told.facts(DIGEST) is not None
    assert not told.ignored


def test_few_are_held_read_whatever_is_recorded() -> None:
    told = Told()
    digests = [f"sha256:{number:064x}" for number in range(5000)]
    for digest in digests:
        told.put(name_of(digest), spec(digest))
    for digest in digests:
        assert told.facts(digest) is not None

    assert len(told.read) == 4096
    first = told.facts(digests[0])
    assert first is not None
    assert first.digest == digests[0]


def test_the_mirror_is_of_records() -> None:
    assert isinstance(Told().mirror, Mirror)
    assert Told().mirror.kind.plural == "imagefacts"
