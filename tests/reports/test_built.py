"""What is told of builds and bases."""

from __future__ import annotations

from msgspec.structs import replace

from webhook.core.base_image import BaseImage
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import Reason, Unknown
from webhook.reports.built import base_json, base_rows, build_json, build_rows
from webhook.reports.images import PlatformReport

DIGEST = "sha256:" + "ab" * 32
ONE = PlatformReport(platform="linux/amd64", digest=DIGEST)


def rows(build: Build | Unknown | None) -> dict[str, str]:
    return dict(build_rows(replace(ONE, build=build)))


def test_what_nobody_asked_is_not_told() -> None:
    assert rows(None) == {}
    assert build_json(ONE) == {}
    assert dict(base_rows(None)) == {}
    assert base_json(None) == {}


def test_what_could_not_be_told_says_why() -> None:
    gap = Unknown(Reason.UNREACHABLE, "no connection")

    assert rows(gap) == {"build": "unknown, unreachable: no connection"}
    assert build_json(replace(ONE, build=gap)) == {
        "build": {"unknown": {"reason": "unreachable", "detail": "no connection"}}
    }


def test_what_does_not_count_says_why() -> None:
    found = rows(Build(problem="the statement is about another image"))

    assert found == {"build": "(no provenance attestation: the statement is about another image)"}


def test_a_build_with_changes_says_so() -> None:
    found = rows(Build(voucher=Voucher(Place.TAG), commit="4f9d6c1", dirty=True))

    assert found["build"] == "commit 4f9d6c1 with changes that are in no commit"
    assert found["provenance"] == "under a tag of its digest, not signed"


def test_a_build_without_a_commit_says_so() -> None:
    found = rows(Build(voucher=Voucher(Place.INDEX), builder="https://ci.example.com/\x1b[2J"))

    assert found["build"].startswith("(no commit) by https://ci.example.com/")
    assert found["build"].isprintable()


def test_a_base_is_named_with_its_digest_and_whether_it_was_found() -> None:
    base = BaseImage(
        name="debian:12",
        digest=DIGEST,
        labels=("org.label-schema.version",),
        annotations=("org.opencontainers.image.version",),
    )

    assert dict(base_rows(replace(base, found=True))) == {
        "base": f"debian:12@{DIGEST}",
        "inherited": ("org.label-schema.version, annotation org.opencontainers.image.version"),
    }
    assert dict(base_rows(BaseImage(digest=DIGEST)))["base"] == (
        f"(no name)@{DIGEST} (as it says; its layers were not found in the image)"
    )
    assert base_json(base) == {
        "base": {
            "name": "debian:12",
            "digest": DIGEST,
            "found": False,
            "labels": ("org.label-schema.version",),
            "annotations": ("org.opencontainers.image.version",),
        }
    }
