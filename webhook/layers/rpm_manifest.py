"""The package list of distroless images of Azure Linux: what rpm printed at their making."""

from __future__ import annotations

from webhook.core.contents import Package

_NAME, _VERSION, _ARCHITECTURE, _EPOCH, _SOURCE = 0, 1, 7, 8, 9
_COLUMNS = 10


def read_rpm_manifest(body: bytes) -> list[Package]:
    """The packages of `container-manifest-2`: columns between tabs, a package a line.

    The columns are those of `rpm -qa --qf` with NAME, VERSION-RELEASE, INSTALLTIME, BUILDTIME,
    VENDOR, EPOCH (unused), SIZE, ARCH, EPOCHNUM, SOURCERPM (CBL-Mariner, toolkit).

    Raises:
        ValueError: a line has fewer columns.
    """
    found: list[Package] = []
    for line in body.decode(errors="replace").splitlines():
        columns = line.split("\t")
        if len(columns) < _COLUMNS:
            raise ValueError("a line of it has not the columns of a package")
        epoch = columns[_EPOCH]
        version = columns[_VERSION]
        if epoch.isdigit() and epoch != "0":
            version = f"{epoch}:{version}"
        found.append(
            Package(columns[_NAME], version, columns[_ARCHITECTURE], source_of(columns[_SOURCE]))
        )
    return found


def source_of(file: str) -> str:
    """The name of a source package out of the name of its file: `bash-5.2-1.src.rpm` is of bash."""
    return file.rsplit("-", 2)[0] if file.endswith(".src.rpm") and file.count("-") > 1 else ""
