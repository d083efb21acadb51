"""`cocket image` and what is attached: who listed the packages, and what that cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.attesting import (
    COMMIT,
    DSSE,
    SLSA_02,
    SPDX,
    attach,
    buildkit,
    envelope,
    slsa_02,
    spdx,
)
from tests.builders import LABELS
from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import cocket
from tests.layers.roots import layer, zipped
from tests.operator.test_insides import BASE, SCRIPT, built
from tests.promote.keys import signer
from webhook.demo.images import OCI_CONFIG, Built, encode, manifest, sha256
from webhook.demo.registry import DemoRegistry

WEB = built(layer(BASE), layer(SCRIPT))


class World(msgspec.Struct):
    registry: DemoRegistry
    folder: Path

    def ask(self, image: Built, *options: str, tag: bool = False) -> Any:
        digest = self.registry.add("prod/web", image, tag="1.0")
        self.registry.requests.clear()
        name = f"{self.registry.host}/prod/web{':1.0' if tag else '@' + digest}"
        return cocket("image", "--policy", reachable(self.registry, self.folder), *options, name)

    def layers(self, image: Built) -> list[str]:
        """Requests for layers of an image."""
        names = {sha256(one) for one in image.layers}
        return [line for line in self.registry.lines() if line.rpartition("/")[2] in names]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with registry_in_thread() as registry:
        registry.referrers = True
        yield World(registry, tmp_path)


@pytest.mark.parametrize("tag", [True, False])
@pytest.mark.parametrize("options", [("--packages",), ("--sbom", "cyclonedx")])
def test_an_sbom_in_the_index_answers_in_three_requests(
    world: World, options: tuple[str, ...], *, tag: bool
) -> None:
    attested = buildkit(WEB, (SPDX, spdx()), (SLSA_02, slsa_02()))
    result = world.ask(attested, *options, tag=tag)

    assert result.exit_code == 0
    assert "openssl" in result.stdout
    assert "3.0.11-1~deb12u2" in result.stdout
    assert "@babel/core" in result.stdout or "%40babel/core" in result.stdout
    assert len(world.registry.requests) == 3
    assert "listed by the SBOM in its index, not signed; its layers were not asked" in result.stderr


def test_an_attached_sbom_answers_in_four_where_the_image_is_one_platform(world: World) -> None:
    attach(world.registry, "prod/web", WEB, encode(spdx()), "application/spdx+json")
    result = world.ask(WEB, "--packages")

    assert "@babel/core" in result.stdout
    assert world.layers(WEB) == []
    assert len(world.registry.requests) == 4


def test_layers_are_read_where_somebody_wants_them(world: World) -> None:
    attested = buildkit(WEB, (SPDX, spdx()))
    result = world.ask(attested, "--packages", "--layers")

    assert [line.split()[:2] for line in result.stdout.splitlines()] == [["openssl", "3.0.1-1"]]
    assert "SBOM" not in result.stderr
    assert world.layers(WEB)


def test_a_bad_sbom_is_told_and_layers_answer(world: World) -> None:
    attested = buildkit(WEB, (SPDX, spdx()), about="sha256:" + "0" * 64)
    result = world.ask(attested, "--packages")

    assert [line.split()[:2] for line in result.stdout.splitlines()] == [["openssl", "3.0.1-1"]]
    assert "attached, and not counted: the statement is about another image" in result.stderr


def test_a_signature_is_verified_with_the_key_that_is_given(world: World, tmp_path: Path) -> None:
    ours = signer(tmp_path)
    attach(world.registry, "prod/web", WEB, envelope((SPDX, spdx()), WEB.digest, ours), DSSE)
    key = tmp_path / "key.pub"
    key.write_text(ours.public.pem)
    said = {
        options: json.loads(world.ask(WEB, "--packages", "-o", "json", *options).stdout)
        for options in ((), ("--key", str(key)))
    }

    assert [one["attestation"]["signers"] for one in said.values()] == [
        [],
        [ours.public.fingerprint],
    ]
    assert {one["source"] for one in said.values()} == {"sbom"}


def test_a_key_that_is_none_is_told(world: World, tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text("no key")
    result = world.ask(WEB, "--packages", "--key", str(key))

    assert result.exit_code == 2
    assert "expected a public key as PEM" in result.stderr


def labelled(commit: str, *layers: bytes) -> Built:
    config = encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Entrypoint": ["/start.sh"],
                "Labels": LABELS | {"org.opencontainers.image.revision": commit},
            },
            "rootfs": {"type": "layers", "diff_ids": [sha256(one) for one in layers]},
        }
    )
    platform = {"os": "linux", "architecture": "amd64"}
    packed = [zipped(one) for one in layers]
    return manifest(config, packed, config_type=OCI_CONFIG, platform=platform)


@pytest.mark.parametrize(
    ("commit", "words"),
    [
        (COMMIT, "agreement   label and build say the same commit"),
        (
            "c" * 40,
            "agreement   the label says commit cccccccccccc…, the build says 4f9d6c1e2b3a…",
        ),
    ],
)
def test_label_and_build_are_compared(world: World, commit: str, words: str) -> None:
    image = labelled(commit, layer(BASE), layer(SCRIPT))
    result = world.ask(buildkit(image, (SLSA_02, slsa_02())), "--inside")

    assert words in result.stdout
    assert f"  build       commit {COMMIT} of https://github.com/acme/web by https://ci" in (
        result.stdout
    )
    assert "  provenance  in its index, not signed\n" in result.stdout


def test_nothing_attached_is_said(world: World) -> None:
    table = world.ask(WEB, "--inside").stdout
    told = json.loads(world.ask(WEB, "--inside", "-o", "jsonl").stdout)["platforms"][0]

    assert "  build       (no provenance attestation)\n" in table
    assert told["build"]["attestation"] is None
    assert told["agreement"] == "untold"


def test_the_base_is_compared_and_its_labels_are_not_the_images(world: World) -> None:
    base = labelled(COMMIT, layer(BASE))
    world.registry.add("prod/base", base, tag="12")
    image = labelled(COMMIT, layer(BASE), layer(SCRIPT))
    name = f"{world.registry.host}/prod/base:12"
    result = world.ask(image, "--inside", "--base", name)

    assert f"  base        {name}@{base.digest}\n" in result.stdout
    assert "  inherited   org.opencontainers.image.created, org.opencontainers.image.rev" in (
        result.stdout
    )
    assert "  commit      (none)\n" in result.stdout


def test_what_lies_elsewhere_is_no_base(world: World) -> None:
    other = labelled(COMMIT, layer(SCRIPT))
    world.registry.add("prod/other", other, tag="12")
    name = f"{world.registry.host}/prod/other:12"
    result = world.ask(labelled(COMMIT, layer(BASE), layer(SCRIPT)), "--inside", "--base", name)

    assert f"{name} (as it says; its layers were not found in the image)" in result.stdout
    assert f"  commit      {COMMIT}\n" in result.stdout
