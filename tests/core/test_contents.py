from __future__ import annotations

import base64
import random
import zlib

import msgspec
import pytest

from webhook.core.contents import MAX_PACKED, Contents, Package, contents_of, packages_in


def read(spec: dict[str, object]) -> Contents:
    return msgspec.convert(spec, Contents)


def test_packages_are_read_again_as_they_were_written() -> None:
    packages = (Package("a", "1:2-3", "amd64"), Package("b", "2", ""))
    spec = contents_of(
        "sha256:x", packages, image="r/w", platform="linux/amd64", os="D", kind="deb"
    )

    assert packages_in(read(spec)) == packages
    assert (spec["count"], spec["truncated"], "problem" in spec) == (2, False, False)


def test_packages_of_languages_say_which() -> None:
    packages = (Package("@babel/core", "7.24.0", language="npm"), Package("a", "1", "amd64"))
    spec = contents_of("sha256:x", packages, source="sbom", voucher="in its index, not signed")

    assert packages_in(read(spec)) == packages
    assert (spec["source"], spec["voucher"]) == ("sbom", "in its index, not signed")


def test_no_packages_are_an_empty_list_and_no_failure() -> None:
    assert packages_in(read(contents_of("sha256:x", (), problem="why"))) == ()


def test_a_list_without_room_is_cut_and_says_so() -> None:
    chance = random.Random(1)  # noqa: S311 - bytes that do not pack
    packages = [Package(chance.randbytes(100).hex(), "1", "amd64") for _ in range(5000)]
    spec = contents_of("sha256:x", packages)
    listed = packages_in(read(spec))

    assert len(str(spec["packages"])) <= MAX_PACKED
    assert listed is not None
    assert 1000 < len(listed) < 5000
    assert listed == tuple(packages[: len(listed)])
    assert (spec["count"], spec["truncated"]) == (5000, True)


def test_names_cannot_break_out_of_their_lines() -> None:
    spec = contents_of("sha256:x", [Package("a\nb\tc", "1", "amd64")])

    assert [one.version for one in packages_in(read(spec)) or ()] == ["1"]


@pytest.mark.parametrize(
    "packed",
    [
        "!",
        base64.b64encode(b"no zlib").decode(),
        base64.b64encode(zlib.compress(b"\xff\xff")).decode(),
        base64.b64encode(zlib.compress(bytes(32 << 20))).decode(),
        base64.b64encode(zlib.compress(b"a\tb\tc")[:-6]).decode(),
    ],
)
def test_what_cannot_be_read_is_no_empty_list(packed: str) -> None:
    assert packages_in(Contents(packages=packed)) is None
