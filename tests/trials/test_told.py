"""What a test tells about images, as a source of facts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import DIGEST, facts, pod, refusal
from webhook.core.build import Build, Place, Voucher
from webhook.core.document import Document
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries, Registry
from webhook.core.resource_fields import Fields
from webhook.registry.given import GivenFacts, key_of
from webhook.trials.told import Told, ToldSource, read_told

NAME = "registry.example.com/prod/web"
PINNED = f"{NAME}@{DIGEST}"
NEEDS = frozenset({Need.DIGEST, Need.CONFIG})
REGISTRIES = Registries([Registry(name="prod", host="registry.example.com")])


def told(image: str = PINNED, **fields: Any) -> Told:
    return read_told(Fields(Document("t.yaml", 1, {}), "", {"image": image} | fields))


def problem(**fields: Any) -> str:
    return refusal(lambda: told(**fields))


def source(*entries: Told, given: GivenFacts | None = None) -> ToldSource:
    return ToldSource(entries, given or GivenFacts(), REGISTRIES)


def answer(asked: ToldSource, image: str = PINNED) -> ImageFacts | Unknown:
    return asked.known(ImageRef.parse(image), NEEDS)


def test_an_entry_is_a_config() -> None:
    one = told(
        entrypoint=["/sbin/tini", "--"],
        cmd=[""],
        labels={"b": "2", "a": "1"},
        user="1000",
        created="2026-11-20T08:00:00Z",
        stopSignal="SIGQUIT",
        platform="linux/arm/v7",
    )
    known = answer(source(one))

    assert isinstance(known, ImageFacts)
    assert (known.digest, known.source) == (DIGEST, "test")
    (platform,) = known.platforms
    assert platform.platform == "linux/arm/v7"
    assert platform.config.entrypoint == ("/sbin/tini", "--")
    assert platform.config.cmd == ("",)
    assert platform.config.labels == (("a", "1"), ("b", "2"))
    assert (platform.config.user, platform.config.stop_signal) == ("1000", "SIGQUIT")
    assert platform.config.created == "2026-11-20T08:00:00Z"


def test_an_entry_may_tell_annotations_and_the_build() -> None:
    revision = "org.opencontainers.image.revision"
    known = answer(
        source(
            told(annotations={revision: "1234567", "team": "a"}, build={"commit": "7654321"}),
            told(platform="linux/arm64"),
        )
    )

    assert isinstance(known, ImageFacts)
    one, other = known.platforms
    assert one.annotations == ((revision, "1234567"),)
    assert one.build == Build(voucher=Voucher(Place.INDEX), commit="7654321")
    assert (other.annotations, other.build) == ((), None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image": "UPPER"}, "image: "),
        ({"image": f"{NAME}:1", "inUse": True}, "inUse: use is recorded of digests alone"),
        ({"unknown": "away"}, "unknown: expected one of unauthorized, not-found"),
        ({"unknown": "offline", "cmd": ["x"]}, "cmd: of what is unknown nothing is known"),
        ({"platform": "linux"}, "platform: expected os/architecture"),
        ({"platform": "linux/"}, "platform: expected os/architecture"),
        ({"digest": f"sha256:{'0' * 64}"}, "digest: the name has another digest"),
        ({"image": NAME, "digest": "sha256:abc"}, "digest: expected sha256: and 64"),
        ({"Entrypoint": ["x"]}, "Entrypoint: unknown field; did you mean entrypoint?"),
        ({"unknown": "offline", "x": 1}, "x: unknown field"),
        ({"unknown": "offline", "build": {}}, "build: of what is unknown nothing is known"),
        ({"build": {"commit": "main"}}, "build.commit: expected 7 to 64"),
        ({"annotations": ["x"]}, "annotations: expected a mapping"),
    ],
)
def test_what_is_wrong_is_told(fields: dict[str, Any], said: str) -> None:
    assert problem(**fields).startswith(f"t.yaml:1: {said}")


def test_two_entries_are_two_platforms() -> None:
    known = answer(source(told(platform="linux/amd64"), told(platform="linux/arm64", cmd=["a"])))

    assert isinstance(known, ImageFacts)
    assert [one.platform for one in known.platforms] == ["linux/amd64", "linux/arm64"]


@pytest.mark.parametrize(
    "entries",
    [
        (told(), told(cmd=["x"])),
        (told(), told(unknown="offline")),
        (told(unknown="offline"), told()),
        (told(unknown="offline"), told(unknown="offline")),
        (told(NAME, digest=DIGEST), told(NAME, platform="linux/arm64")),
    ],
)
def test_two_entries_do_not_contradict_each_other(entries: tuple[Told, ...]) -> None:
    with pytest.raises(ValueError, match="prod/web"):
        source(*entries)


def test_a_digest_is_known_with_and_without_a_tag() -> None:
    asked = source(told())

    assert answer(asked, f"{NAME}:1.4@{DIGEST}") == answer(asked)
    assert answer(asked, f"{NAME}:1.4") == answer(asked, NAME)
    assert answer(source(told(NAME, digest=DIGEST)), f"{NAME}:latest") != answer(asked, NAME)


async def test_why_nothing_is_known_is_told_too() -> None:
    asked = source(told(unknown="rate-limited"))
    ref = ImageRef.parse(PINNED)

    assert await asked.learn(ref, NEEDS, pod()) == Unknown(Reason.RATE_LIMITED, "as the test tells")


def test_an_image_that_is_not_told_of_is_unknown() -> None:
    silent = answer(source())
    elsewhere = answer(source(), "docker.io/library/nginx")

    assert isinstance(silent, Unknown)
    assert isinstance(elsewhere, Unknown)
    assert (silent.reason, elsewhere.reason) == (Reason.OFFLINE, Reason.NOT_CONFIGURED)
    assert "add it to spec.images" in silent.detail


def test_facts_files_help_where_the_test_is_silent() -> None:
    given = GivenFacts({key_of(ImageRef.parse(PINNED)): facts()})

    assert answer(source(given=given)) == facts()
    assert answer(source(told(cmd=["x"]), given=given)) != facts()


def test_use_is_what_the_test_says() -> None:
    ref = ImageRef.parse(PINNED)

    assert source(told(inUse=True)).in_use(ref)
    assert source(told(unknown="unreachable", inUse=True)).in_use(ref)
    assert not source(told()).in_use(ref)
