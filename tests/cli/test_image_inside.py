"""`cocket image --inside`, `--packages` and `--sbom`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import cocket
from tests.layers.roots import layer
from tests.operator.test_insides import BASE, SCRIPT, built
from webhook.demo.images import Built, index


def asked(folder: Path, image: Built, *options: str, name: str = "prod/web") -> Any:
    """What the command says of an image, and its name."""
    with registry_in_thread() as registry:
        registry.add("prod/web", image, tag="1.0")
        shown = f"{registry.host}/{name}:1.0"
        return cocket("image", "--policy", reachable(registry, folder), *options, shown)


WEB = built(layer(BASE), layer(SCRIPT))


def test_what_lies_inside_is_told(tmp_path: Path) -> None:
    result = asked(tmp_path, WEB, "--inside")

    assert result.exit_code == 0
    assert "  OS          Debian GNU/Linux 12 (bookworm), end of life 2028-06-30\n" in result.stdout
    assert "  packages    1\n" in result.stdout
    assert "  PID 1       init tini: /start.sh /app\n" in result.stdout
    assert '  program     /start.sh: script of /bin/sh → exec: exec tini -- "$@"\n' in result.stdout
    assert "  program     tini: ELF of another machine, static (/usr/bin/tini)\n" in result.stdout


def test_json_has_all_of_it(tmp_path: Path) -> None:
    result = asked(tmp_path, WEB, "--inside", "-o", "jsonl")
    inside = json.loads(result.stdout)["platforms"][0]["inside"]

    assert inside["os"]["id"] == "debian"
    assert inside["os"]["endOfLife"] == "2028-06-30"
    assert inside["packages"] == 1
    assert inside["programs"][0]["ends"][0]["argv"] == ["tini", "--", "${@:1}"]


def test_packages_are_listed_one_a_line(tmp_path: Path) -> None:
    result = asked(tmp_path, WEB, "--packages")

    assert [line.split() for line in result.stdout.splitlines()] == [
        ["openssl", "3.0.1-1", "amd64"]
    ]
    found = json.loads(asked(tmp_path, WEB, "--packages", "-o", "json").stdout)
    assert found["packages"][0]["purl"] == (
        "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12"
    )


def test_bills_of_materials_are_written(tmp_path: Path) -> None:
    spdx = json.loads(asked(tmp_path, WEB, "--sbom", "spdx").stdout)
    cyclonedx = json.loads(asked(tmp_path, WEB, "--sbom", "cyclonedx").stdout)

    assert spdx["spdxVersion"] == "SPDX-2.3"
    assert [one["name"] for one in spdx["packages"]][1:] == ["debian", "openssl"]
    ids = {one["SPDXID"] for one in spdx["packages"]} | {"SPDXRef-DOCUMENT"}
    assert {one["relatedSpdxElement"] for one in spdx["relationships"]} < ids
    assert cyclonedx["bomFormat"] == "CycloneDX"
    assert [one["name"] for one in cyclonedx["components"]] == ["debian", "openssl"]
    assert cyclonedx["components"][1]["purl"].startswith("pkg:deb/debian/openssl@3.0.1-1")


def test_a_hostile_layer_is_told_and_ends_with_1(tmp_path: Path) -> None:
    result = asked(tmp_path, built(layer({"../x": "y"})), "--inside")

    assert result.exit_code == 1
    assert "inside      unknown, bad-content: layer 1 (sha256:" in result.stdout
    assert "leads out of its place" in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--platform", "linux/s390x"), "it has no platform linux/s390x; it has: linux/amd64"),
        ((), "PID 1       init tini"),
    ],
)
def test_one_platform_of_an_index_is_looked_into(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    result = asked(tmp_path, index([WEB], attestations=True), "--inside", *options)

    assert words in result.stdout


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    result = asked(tmp_path, WEB, "--inside", name="prod/other")

    assert result.exit_code == 1
    assert "unknown     not-found" in result.stdout


def test_layers_are_not_read_offline() -> None:
    result = cocket("image", "--offline", "--inside", "nginx")

    assert result.exit_code == 2
    assert "leave --offline away" in result.stderr
