"""`cocket image --evidence`: who promoted an image, and whose keys signed that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.promotions import WEB, World, world
from tests.cli.runs import cocket
from tests.promote.keys import KINDS, write_key
from webhook.demo.faults import Fault

BY = ("--by", "jenkins", "--build-url", "https://ci.example.com/job/web/118/")
BUILD = (*BY, "--build-number", "118", "--commit", "4f9d6c1")


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


def promote(asked: World, folder: Path, kind: str = "", *more: str) -> None:
    key = ("--key", write_key(folder, KINDS[kind])) if kind else ()
    done = asked.promote(asked.source(WEB), *BUILD, *more, *key)
    assert done.exit_code == 0, done.stderr


def public(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.pub"
    pem = KINDS[kind].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(pem)
    return path


def shown(asked: World, *options: str | Path) -> Any:
    name = asked.target(WEB)
    return cocket("image", "--evidence", "--policy", asked.policy, *options, name)


def test_signed_evidence_tells_the_promotion_and_the_key(asked: World, tmp_path: Path) -> None:
    promote(asked, tmp_path, "Ed25519")
    result = shown(asked, "--key", public(tmp_path, "Ed25519"))

    assert result.exit_code == 0, result.stderr
    rows = [line.strip().split(None, 1) for line in result.stdout.splitlines()[1:]]
    host = asked.registry.host
    assert any(
        row[0] == "promoted" and row[1].endswith(f"by jenkins from {host}/preprod/web")
        for row in rows
    )
    assert "signed by   Ed25519 sha256:" in result.stdout
    assert "by build    #118  https://ci.example.com/job/web/118/  commit 4f9d6c1" in result.stdout
    (checks,) = [row[1] for row in rows if row[0] == "checks"]
    assert {"production/init pass", "production/provenance pass"} <= set(checks.split(", "))


def test_the_document_has_all_of_it(asked: World, tmp_path: Path) -> None:
    promote(asked, tmp_path, "RSA")
    promote(asked, tmp_path)
    document = json.loads(shown(asked, "-o", "json", "--key", public(tmp_path, "RSA")).stdout)

    (image,) = document
    signed, bare = image["promotions"]["evidence"]
    assert [one["kind"] for one in signed["signedBy"]] == ["RSA"]
    assert signed["promotedBy"] == "jenkins"
    assert signed["build"] == {
        "url": "https://ci.example.com/job/web/118/",
        "number": "118",
        "commit": "4f9d6c1",
    }
    assert {"policy": "production", "rule": "init", "outcome": "pass"} in signed["checks"]
    assert (bare["signed"], bare["signedBy"]) == (False, [])
    assert image["promotions"]["whole"]


def test_a_key_of_rule_promotion_is_tried_too(tmp_path: Path) -> None:
    pem = public(tmp_path, "Ed25519").read_text()
    rules = {"promotion": {"accept": ["evidence"], "keys": [pem]}}
    with world(tmp_path, rules=rules) as asked:
        promote(asked, tmp_path, "Ed25519")
        result = shown(asked)

    assert "signed by   Ed25519 sha256:" in result.stdout


SAID = {
    "unsigned": ("", "", "(nobody: anybody who may push can write it, and no rule counts it)"),
    "no key": ("Ed25519", "", "(not verified: --key FILE"),
    "another key": ("Ed25519", "RSA", "(somebody else: none of the given keys)"),
}


@pytest.mark.parametrize(("signs", "given", "said"), SAID.values(), ids=SAID)
def test_what_nobody_vouches_for_is_shown_as_such(
    asked: World, tmp_path: Path, signs: str, given: str, said: str
) -> None:
    promote(asked, tmp_path, signs)
    result = shown(asked, *(("--key", public(tmp_path, given)) if given else ()))

    assert f"signed by   {said}" in result.stdout
    assert "signed by   Ed25519" not in result.stdout


def test_an_image_that_nobody_promoted_says_so(asked: World) -> None:
    asked.registry.add("prod/web", WEB)
    result = shown(asked)

    assert (result.exit_code, "promoted    (no evidence of it is attached)" in result.stdout) == (
        0,
        True,
    )


def test_nobody_asks_for_it_who_does_not_want_it(asked: World, tmp_path: Path) -> None:
    promote(asked, tmp_path)
    asked.registry.requests.clear()
    cocket("image", "--policy", asked.policy, asked.target(WEB))
    assert not [line for line in asked.registry.lines() if "referrers" in line]

    shown(asked)
    assert [line for line in asked.registry.lines() if "referrers" in line]


def test_a_registry_that_does_not_tell_is_no_image_without_evidence(
    asked: World, tmp_path: Path
) -> None:
    promote(asked, tmp_path)
    path = f"/v2/prod/web/referrers/{WEB.digest}"
    asked.registry.fault(path, Fault(status=500), times=9)
    result = shown(asked)

    assert result.exit_code == 1
    assert "promoted    unknown, unreachable: " in result.stdout
    assert "(no evidence" not in result.stdout


def test_it_stands_beside_what_layers_say(asked: World, tmp_path: Path) -> None:
    promote(asked, tmp_path)
    result = shown(asked, "--inside")

    assert "by jenkins from" in result.stdout


WRONG = {
    "offline": (("--offline",), "Evidence is read over the network"),
    "packages": (("--packages",), "--evidence is about images"),
}


@pytest.mark.parametrize(("options", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_together_is_said(asked: World, options: tuple[str, ...], said: str) -> None:
    result = shown(asked, *options)

    assert (result.exit_code, said in result.stderr) == (2, True)
