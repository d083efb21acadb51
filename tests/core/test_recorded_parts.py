"""What is left out of a record because something else says it, and read again as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from webhook.core.base_image import BaseImage
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.inside import Inside, Program, ProgramKind, System
from webhook.core.recorded import RecordedSpec, facts_of, name_of, spec_of
from webhook.core.recorded_parts import USUAL_PATH, RecordedInside, RecordedPlatform, short_inside

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX = f"sha256:{'ab' * 32}"
ONE, TWO = (f"sha256:{pair * 32}" for pair in ("cd", "ef"))
LABELS = (("org.opencontainers.image.revision", "4f9d6c1"), ("title", "web"))
APP = Program("/app", ProgramKind.ELF, "/app", machine="amd64")
SHELL = Program("/bin/sh", ProgramKind.ELF, "/usr/bin/dash", machine="amd64")
SH = replace(SHELL, word="sh")
DEBIAN = System("debian", "Debian GNU/Linux 12 (bookworm)", "12")
INSIDE = Inside(DEBIAN, (APP, SHELL, SH), (), USUAL_PATH, 90, "layers")
BUILD = Build(Voucher(Place.INDEX), "4f9d6c1", source="https://github.com/acme/web")
BASE = BaseImage("debian:12", ONE, found=True)


def config(architecture: str = "amd64", **more: object) -> ImageConfig:
    known = ImageConfig(
        os="linux", architecture=architecture, entrypoint=("/app",), created="1", labels=LABELS
    )
    return replace(known, **more)


def inside(architecture: str = "amd64", **more: object) -> Inside:
    programs = tuple(replace(one, machine=architecture) for one in INSIDE.programs)
    return replace(replace(INSIDE, programs=programs), **more)


AMD = PlatformImage("linux/amd64", ONE, config(), inside(), BUILD, BASE, "1" * 32)
ARM = PlatformImage(
    "linux/arm64", TWO, config("arm64", created="2"), inside("arm64", packages=88), BUILD, BASE, "2"
)


def written(*platforms: PlatformImage, digest: str = INDEX) -> dict[str, Any]:
    facts = ImageFacts(digest=digest, platforms=platforms)
    return spec_of(facts, image="r.example/web", registries=())


def again(spec: Mapping[str, object], digest: str = INDEX) -> tuple[PlatformImage, ...]:
    read = msgspec.json.decode(msgspec.json.encode(spec), type=RecordedSpec)
    found = facts_of(name_of(digest), read)
    assert found is not None
    return found.platforms


def test_a_second_platform_says_only_what_it_has_of_its_own() -> None:
    spec = written(AMD, ARM)

    assert [one for part in ("platforms", "inside", "made") for one in spec[part][1:]] == [
        {"platform": "linux/arm64", "digest": TWO, "config": {"created": "2"}, "asFirst": True},
        {"platform": "linux/arm64", "inside": {"packages": 88}, "asFirst": True},
        {"platform": "linux/arm64", "chain": "2", "asFirst": True},
    ]
    assert again(spec) == (AMD, ARM)


def test_a_manifest_that_is_no_index_says_its_digest_once() -> None:
    alone = replace(AMD, digest=INDEX)
    spec = written(alone)

    assert msgspec.json.encode(spec).count(INDEX.encode()) == 1
    assert again(spec) == (alone,)


def test_what_goes_without_saying_is_not_said() -> None:
    [said] = written(AMD)["inside"]

    assert said == {
        "platform": "linux/amd64",
        "usual": True,
        "inside": {
            "system": {"id": "debian", "name": "Debian GNU/Linux 12 (bookworm)", "version": "12"},
            "programs": [
                {"word": "/app", "kind": "elf"},
                {"word": "/bin/sh", "kind": "elf", "path": "/usr/bin/dash"},
            ],
            "packages": 90,
        },
    }


@pytest.mark.parametrize(
    "other",
    [
        replace(ARM, config=config("arm64", cmd=("x",))),
        replace(ARM, config=config("arm64", labels=())),
        replace(ARM, config=config("arm64", created="")),
        replace(ARM, config=config("arm64", variant="v8")),
        replace(ARM, platform="linux/arm64/v8", config=config("arm64", variant="v8")),
        replace(ARM, platform="linux/amd64", config=config()),
        replace(ARM, platform="other"),
        replace(ARM, inside=inside("arm64", packages=0)),
        replace(ARM, inside=inside("arm64", folders=("/bin",))),
        replace(ARM, inside=inside("arm64", folders=())),
        replace(ARM, inside=inside("amd64")),
        replace(ARM, inside=inside("")),
        replace(ARM, inside=inside("arm64", source="sbom")),
        replace(ARM, inside=inside("arm64", source="")),
        replace(ARM, inside=inside("arm64", programs=())),
        replace(ARM, inside=inside("arm64", programs=(SHELL,))),
        replace(ARM, inside=inside("arm64", programs=(SH, SHELL))),
        replace(ARM, inside=inside("arm64", programs=(SHELL, replace(SH, path="/x")))),
        replace(ARM, inside=inside("arm64", programs=(Program("/gone", ProgramKind.MISSING),))),
        replace(ARM, inside=inside("arm64", programs=(Program("/odd", ProgramKind.UNREAD),))),
        replace(ARM, inside=None, build=None, base=None, chain=""),
        replace(ARM, build=Build()),
        replace(ARM, base=None),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_differs_is_written_and_read_as_it_is(other: PlatformImage, *, first: bool) -> None:
    platforms = (other, AMD) if first else (AMD, other)

    assert again(written(*platforms)) == platforms


WORDS = st.sampled_from(["/app", "/bin/sh", "sh", "app", "/gone", ""])
MACHINES = st.sampled_from(["amd64", "arm64", ""])
PROGRAMS = st.builds(
    Program, WORDS, st.sampled_from(ProgramKind), WORDS, st.just(()), machine=MACHINES
)
INSIDES = st.builds(
    Inside,
    st.just(DEBIAN),
    st.lists(PROGRAMS, max_size=4).map(tuple),
    folders=st.sampled_from([USUAL_PATH, (), ("/bin",)]),
    packages=st.integers(0, 2),
    source=st.sampled_from(["layers", "sbom", ""]),
)


@given(st.lists(st.tuples(st.sampled_from(["linux/amd64", "linux/arm64", "odd"]), INSIDES)))
def test_whatever_layers_hold_is_read_as_it_was_written(
    found: list[tuple[str, Inside]],
) -> None:
    platforms = tuple(
        PlatformImage(name, f"sha256:{number:064x}", config(), one)
        for number, (name, one) in enumerate(found, 1)
    )
    if platforms:
        assert again(written(*platforms)) == platforms


def test_records_from_before_are_read_as_they_are() -> None:
    before = {
        "digest": INDEX,
        "platforms": [
            {
                "platform": "linux/amd64",
                "digest": ONE,
                "config": {"os": "linux", "architecture": "amd64", "entrypoint": ["/app"]},
            }
        ],
        "inside": [{"platform": "linux/amd64", "digest": ONE, "inside": {"packages": 3}}],
        "made": [{"platform": "linux/amd64", "digest": ONE, "chain": "x"}],
    }
    [read] = again(before)

    assert (read.digest, read.config.architecture, read.chain) == (ONE, "amd64", "x")
    assert read.inside == Inside(packages=3)


def test_what_says_that_it_is_as_the_first_and_is_the_first_is_what_it_says() -> None:
    odd = {
        "digest": INDEX,
        "platforms": [{"platform": "linux/amd64", "config": {"cmd": ["x"]}, "asFirst": True}],
        "inside": [{"platform": "linux/amd64", "inside": {"packages": 3}, "asFirst": True}],
        "made": [{"platform": "linux/amd64", "chain": "x", "asFirst": True}],
    }
    [read] = again(odd)

    assert (read.digest, read.config.cmd, read.config.os) == (INDEX, ("x",), "linux")
    assert (read.inside, read.chain) == (Inside(packages=3), "x")


def test_entries_of_one_platform_keep_their_digests() -> None:
    looked = [RecordedInside("linux/amd64", INSIDE, one) for one in (ONE, TWO)]

    short = short_inside(looked, ["linux/amd64", "linux/amd64"])

    assert [one.digest for one in short] == [ONE, TWO]
    assert RecordedPlatform("linux/amd64").config.os == ""
