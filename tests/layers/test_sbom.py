"""SBOMs in place of layers: what they tell, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.attesting import PURLS, cyclonedx, spdx
from tests.builders import NOW
from tests.layers.roots import Shelf, config, layer
from tests.operator.test_insides import BASE, ELF, SCRIPT
from webhook.core.build import Place, Voucher
from webhook.core.contents import Package
from webhook.core.inside import System
from webhook.errors import BadContentError
from webhook.layers.answers import Looked
from webhook.layers.purls import read_purl
from webhook.layers.reader import Reader
from webhook.layers.sbom import MAX_PACKAGES, read_sbom
from webhook.registry.documents import document
from webhook.registry.statements import Format
from webhook.reports.purl import purl_of
from webhook.reports.sbom import cyclonedx as our_cyclonedx
from webhook.reports.sbom import spdx as our_spdx

VOUCHER = Voucher(Place.INDEX)
DEBIAN = System(id="debian", name="debian 12", version="12", until="2028-06-30")


def read(said: dict[str, Any], form: Format = Format.SPDX) -> Looked:
    return read_sbom(form, said, VOUCHER)


@pytest.mark.parametrize(
    ("said", "form"),
    [
        (spdx(), Format.SPDX),
        *[(cyclonedx(version=one), Format.CYCLONEDX) for one in ("1.4", "1.5", "1.6")],
    ],
)
def test_both_formats_tell_the_system_and_the_packages(said: dict[str, Any], form: Format) -> None:
    found = read(said, form)

    assert found.inside.system == DEBIAN
    assert (found.inside.source, found.inside.voucher) == ("sbom", VOUCHER)
    assert found.kind == "deb"
    assert found.packages == (
        Package("openssl", "3.0.11-1~deb12u2", "amd64"),
        Package("libssl3", "3.0.11-1~deb12u2", "amd64", "openssl"),
        Package("@babel/core", "7.24.0", language="npm"),
    )
    assert found.inside.packages == 3


@pytest.mark.parametrize(
    ("purl", "package"),
    [
        ("pkg:rpm/fedora/bash@5.1-1?epoch=2&arch=x86_64", Package("bash", "2:5.1-1", "x86_64")),
        ("pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64", Package("musl", "1.2.5-r0", "x86_64")),
        (
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1",
            Package("org.apache.logging.log4j:log4j-core", "2.17.1", language="maven"),
        ),
        (
            "pkg:golang/github.com/acme/lib@v1.2.3",
            Package("github.com/acme/lib", "v1.2.3", language="golang"),
        ),
        ("pkg:pypi/requests@2.32.0", Package("requests", "2.32.0", language="pypi")),
    ],
)
def test_packages_are_named_as_their_own_tools_do(purl: str, package: Package) -> None:
    found = read(spdx(purl))

    assert found.packages == (package,)
    kind = found.kind or "generic"
    again = read_purl(purl_of(package, kind, found.inside.system))
    asked = read_purl(purl)
    assert again is not None
    assert asked is not None
    assert (again.name, again.version) == (asked.name, asked.version)


@pytest.mark.parametrize("write", [our_spdx, our_cyclonedx])
def test_what_we_write_we_read(write: Any) -> None:
    mine = read(spdx())
    text = write("web", "sha256:" + "ab" * 32, mine, NOW)
    form = Format.SPDX if write is our_spdx else Format.CYCLONEDX
    found = read(json.loads(text), form)

    assert set(found.packages) == set(mine.packages)
    assert found.inside.system == DEBIAN


def test_a_system_of_its_own_comes_before_what_purls_say() -> None:
    said = spdx()
    said["packages"].append(
        {"name": "Debian", "versionInfo": "unknown", "primaryPackagePurpose": "OPERATING-SYSTEM"}
    )

    assert read(said).inside.system == System(id="debian", name="Debian")


def test_components_within_components_count() -> None:
    said = cyclonedx("pkg:npm/a@1")
    said["components"][0]["components"] = [{"type": "library", "purl": "pkg:npm/b@2"}, 7]

    assert [one.name for one in read(said, Format.CYCLONEDX).packages] == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "form", "words"),
    [
        ({}, Format.SPDX, "no SPDX document of version 2"),
        ({"spdxVersion": "SPDX-3.0", "packages": []}, Format.SPDX, "no SPDX document"),
        ({"spdxVersion": "SPDX-2.3"}, Format.SPDX, "has no packages"),
        ({"spdxVersion": "SPDX-2.3", "packages": [None, {}]}, Format.SPDX, "names no system"),
        (
            spdx("nonsense", "pkg:oci/web@1", "pkg:npm/" + "x" * 3000),
            Format.SPDX,
            "names no system",
        ),
        ({"bomFormat": "CycloneDX", "specVersion": "1.3"}, Format.CYCLONEDX, "no CycloneDX"),
        ({"specVersion": "1.5"}, Format.CYCLONEDX, "no CycloneDX"),
        ({"bomFormat": "CycloneDX", "specVersion": "1.5"}, Format.CYCLONEDX, "names no system"),
        (
            {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [0] * 100_001},
            Format.CYCLONEDX,
            "more than 100000 components",
        ),
        (
            spdx(*(f"pkg:npm/p@{n}" for n in range(MAX_PACKAGES + 1))),
            Format.SPDX,
            "more than 50000",
        ),
    ],
)
def test_what_is_no_list_is_no_answer(said: dict[str, Any], form: Format, words: str) -> None:
    with pytest.raises(BadContentError, match=words):
        read(said, form)


def test_texts_are_printable_however_they_were_written() -> None:
    said = cyclonedx("pkg:npm/a@1")
    said["components"][-1] = {"type": "operating-system", "name": "evil\x1b[2J", "version": "\n"}
    found = read(document(json.dumps(said).encode(), "it"), Format.CYCLONEDX)

    assert found.inside.system.name.isprintable()
    assert found.inside.system.version.isprintable()


@pytest.mark.parametrize("name", ["", 7, None])
def test_systems_without_a_name_are_none(name: object) -> None:
    said = cyclonedx("pkg:npm/a@1")
    said["components"][-1]["name"] = name
    one = spdx("pkg:npm/a@1")
    one["packages"].append({"name": name, "primaryPackagePurpose": "OPERATING-SYSTEM"})

    assert read(said, Format.CYCLONEDX).inside.system == System()
    assert read(one).inside.system == System()


async def test_layers_are_asked_for_programs_alone_where_an_sbom_answers() -> None:
    """The base with the package lists is not even fetched where the programs lie above it."""
    shelf = Shelf()
    upper = layer({**SCRIPT, "bin/sh": ELF, "usr/bin/sh": ELF, "usr/bin/tini": ELF})
    stored = shelf.image([layer(BASE), upper])
    found = await Reader().look(stored, config(["/app"]), read(spdx(*PURLS[:1])))

    assert found.inside.system == DEBIAN
    assert [one.name for one in found.packages] == ["openssl"]
    assert found.packages[0].version == "3.0.11-1~deb12u2"
    assert [one.word for one in found.inside.programs][:1] == ["/app"]
    assert found.inside.source == "sbom"
