"""A list of components that is attached to an image, as an answer in place of its layers.

It tells the system and the packages, and it is the only place where packages of languages come
from. It says nothing of programs: what PID 1 is, only layers tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.contents import Package
from webhook.core.inside import Inside, System
from webhook.core.printable import printable
from webhook.layers.answers import Looked
from webhook.layers.cyclonedx import read_cyclonedx
from webhook.layers.end_of_life import until
from webhook.layers.purls import Purl, read_purl
from webhook.layers.spdx import read_spdx
from webhook.registry.documents import bad
from webhook.registry.statements import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.core.build import Voucher
    from webhook.registry.attestations import Attestation

SOURCE = "sbom"
MAX_PACKAGES = 50_000
_SYSTEMS = {"deb": "deb", "apk": "apk", "rpm": "rpm", "alpm": "alpm"}
_NO_PACKAGES = frozenset({"oci", "docker"})
_MAX_TEXT = 100


def answer(attestation: Attestation) -> Looked:
    """What the list says.

    Raises:
        BadContentError: it is none, or names no package and no system, or more than any image has.
    """
    statement = attestation.statement
    return read_sbom(statement.form, statement.predicate, attestation.voucher)


def read_sbom(form: Format, document: Mapping[str, object], voucher: Voucher) -> Looked:
    """The same for a document in one of both formats."""
    read = read_spdx if form is Format.SPDX else read_cyclonedx
    system, listed = read(document)
    packages: dict[Package, None] = {}
    kind = ""
    for text in listed:
        purl = read_purl(text)
        if purl is None or purl.kind in _NO_PACKAGES:
            continue
        own = purl.kind in _SYSTEMS
        if own:
            kind = kind or purl.kind
            system = system or _system(purl)
        packages[_package(purl, language=not own)] = None
        if len(packages) > MAX_PACKAGES:
            raise bad(f"the list of components names more than {MAX_PACKAGES} packages")
    if not packages and system is None:
        raise bad("the list of components names no system, and no package by its purl")
    found = system or System()
    inside = Inside(
        system=System(
            id=printable(found.id, _MAX_TEXT),
            name=printable(found.name, _MAX_TEXT),
            version=printable(found.version, _MAX_TEXT),
            until=until(found.id, found.version),
        ),
        packages=len(packages),
        source=SOURCE,
        voucher=voucher,
    )
    return Looked(inside=inside, kind=kind, packages=tuple(packages))


def _package(purl: Purl, *, language: bool) -> Package:
    version = purl.version
    if purl.kind == "rpm" and purl.qualifier("epoch"):
        version = f"{purl.qualifier('epoch')}:{version}"
    return Package(
        name=purl.full_name if language else purl.name,
        version=version,
        architecture=purl.qualifier("arch"),
        # As syft writes it: `upstream=openssl@3.0.1`.
        source=purl.qualifier("upstream").partition("@")[0],
        language=purl.kind if language else "",
    )


def _system(purl: Purl) -> System | None:
    """The system that the purl of one of its packages names: `distro=debian-12`."""
    name, dash, version = purl.qualifier("distro").rpartition("-")
    if not dash:
        return None
    return System(id=name.lower(), name=f"{name} {version}", version=version)
