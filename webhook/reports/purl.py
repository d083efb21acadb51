"""Package URLs (purl-spec, «PURL types»): one name for a package in every tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packageurl import PackageURL

if TYPE_CHECKING:
    from webhook.core.contents import Package
    from webhook.core.inside import System


def purl_of(package: Package, kind: str, system: System) -> str:
    """The package URL of an installed package.

    Args:
        package: as its database says.
        kind: `deb`, `apk`, `rpm` or `alpm`: the purl types of the databases' systems.
        system: whose package it is; its id is the namespace.
    """
    if package.language:
        return _of_language(package)
    version, qualifiers = package.version, {}
    if kind == "rpm" and ":" in version:
        # The epoch is a qualifier of its own (purl-spec, types/rpm).
        epoch, _, version = version.partition(":")
        qualifiers["epoch"] = epoch
    if package.architecture:
        qualifiers["arch"] = package.architecture
    if system.id and system.version:
        qualifiers["distro"] = f"{system.id}-{system.version}"
    if package.source:
        qualifiers["upstream"] = package.source
    return PackageURL(
        type=kind,
        namespace=system.id or None,
        name=package.name,
        version=version,
        qualifiers=qualifiers,
    ).to_string()


def _of_language(package: Package) -> str:
    """The same for a package that is no system's: its name holds the namespace."""
    joint = ":" if package.language == "maven" else "/"
    namespace, _, name = package.name.rpartition(joint)
    return PackageURL(
        type=package.language, namespace=namespace or None, name=name, version=package.version
    ).to_string()
