"""Package lists, beside what the systems' own tools say of the same root."""

from __future__ import annotations

import sqlite3
import struct
import subprocess
from pathlib import Path

import pytest

from tests.layers.roots import Content, layer, look
from tests.tools import require_debian
from webhook.core.contents import Package
from webhook.layers.apk import read_apk
from webhook.layers.databases import kind_of
from webhook.layers.dpkg import read_dpkg
from webhook.layers.pacman import read_pacman
from webhook.layers.rpm import read_rpm
from webhook.layers.rpm_header import read_rpm_header
from webhook.layers.rpm_manifest import read_rpm_manifest

STATUS = Path("/var/lib/dpkg/status")
APK = """\
C:Q1aaaa=
P:musl
V:1.2.5-r0
A:x86_64
o:musl
F:lib
R:ld-musl-x86_64.so.1

P:libcrypto3
V:3.3.1-r0
A:x86_64
o:openssl

P:broken
A:x86_64
"""
DESC = """\
%NAME%
openssl

%VERSION%
3.3.1-1

%BASE%
openssl

%ARCH%
x86_64

%DEPENDS%
glibc
"""
MANIFEST = (
    "bash\t5.1.8-1.cm2\t1\t2\tM\t(none)\t9\tx86_64\t0\tbash-5.1.8-1.cm2.src.rpm\n"
    "shadow\t4.9-1\t1\t2\tM\t(none)\t9\tx86_64\t2\tx.src.rpm\n"
)


@pytest.mark.skipif(not STATUS.exists(), reason="this machine has no dpkg to compare with")
def test_dpkg_lists_what_dpkg_query_lists() -> None:
    form = "${db:Status-Status} ${Package} ${Version} ${Architecture}\n"
    said = subprocess.run(
        ["/usr/bin/dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True
    ).stdout
    expected = sorted(
        line.split(" ", 1)[1] for line in said.splitlines() if line.startswith("installed ")
    )
    found = read_dpkg(STATUS.read_bytes())

    assert sorted(f"{one.name} {one.version} {one.architecture}" for one in found) == expected
    assert len(found) > 100


def test_packages_that_were_removed_or_broken_off_are_not_installed() -> None:
    states = ("deinstall ok config-files", "install ok half-installed", "install ok unpacked")
    body = "\n\n".join(f"Package: p\nStatus: {one}\nVersion: 1" for one in states)

    assert read_dpkg(body.encode()) == []


def test_distroless_lists_packages_one_by_one_and_without_a_status() -> None:
    body = b"Package: base-files\nVersion: 12.4\nArchitecture: amd64\nDescription: a\n V: 0\n"

    assert read_dpkg(body) == [Package("base-files", "12.4", "amd64")]


def test_apk_is_read_as_apk_writes_it() -> None:
    assert read_apk(APK.encode()) == [
        Package("musl", "1.2.5-r0", "x86_64"),
        Package("libcrypto3", "3.3.1-r0", "x86_64", "openssl"),
    ]


def test_pacman_has_a_file_for_each_package() -> None:
    assert read_pacman(DESC.encode()) == [Package("openssl", "3.3.1-1", "x86_64")]
    with pytest.raises(ValueError, match="no name"):
        read_pacman(b"%NAME%\n\n%VERSION%\n1\n")


def test_the_manifest_of_distroless_azure_linux_is_a_table() -> None:
    assert read_rpm_manifest(MANIFEST.encode()) == [
        Package("bash", "5.1.8-1.cm2", "x86_64", "bash"),
        Package("shadow", "2:4.9-1", "x86_64", ""),
    ]
    with pytest.raises(ValueError, match="columns"):
        read_rpm_manifest(b"bash 5.1")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("var/lib/dpkg/status", "dpkg"),
        ("var/lib/dpkg/status.d/base", "dpkg"),
        ("var/lib/dpkg/status.d/base.md5sums", None),
        ("var/lib/dpkg/status-old", None),
        ("lib/apk/db/installed", "apk"),
        ("usr/lib/apk/db/installed", "apk"),
        ("var/lib/rpm/rpmdb.sqlite", "rpm-sqlite"),
        ("usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm-sqlite"),
        ("usr/share/rpm/rpmdb.sqlite", "rpm-sqlite"),
        ("var/lib/rpm/Packages.db", "rpm-ndb"),
        ("var/lib/rpm/Packages", "rpm-bdb"),
        ("var/lib/pacman/local/openssl-3.3.1-1/desc", "pacman"),
        ("var/lib/pacman/local/openssl-3.3.1-1/files", None),
        ("home/var/lib/dpkg/status", None),
    ],
)
def test_where_package_lists_lie(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


@pytest.mark.parametrize(("name", "words"), [("Packages.db", "ndb"), ("Packages", "Berkeley DB")])
async def test_databases_that_are_not_read_are_said_to_be_there(name: str, words: str) -> None:
    found = await look([layer({f"var/lib/rpm/{name}": b"x" * 100})])

    assert found.kind == "rpm"
    assert words in found.problem


async def test_a_database_that_cannot_be_read_is_no_empty_one() -> None:
    found = await look([layer({"var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + b"x" * 500})])

    assert found.packages == ()
    assert found.problem.startswith("its package database cannot be read: SQLite says: ")


async def test_packages_of_several_layers_and_places_are_one_list() -> None:
    lower: dict[str, Content] = {"var/lib/dpkg/status.d/a": "Package: a\nVersion: 1\n"}
    upper: dict[str, Content] = {"var/lib/dpkg/status.d/b": "Package: b\nVersion: 2\n"}
    found = await look([layer(lower), layer(upper)])

    assert [one.name for one in found.packages] == ["a", "b"]
    assert found.inside.packages == 2


SPEC = (
    "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n"
    "{epoch}\n%description\nd\n%files\n"
)


def test_rpm_lists_what_rpm_lists(tmp_path: Path) -> None:
    """Packages that rpmbuild made, in a root where rpm installed them."""
    folder, environment = require_debian()
    environment["HOME"] = str(tmp_path)  # where rpmbuild makes a database of its own
    for name, version, epoch in (
        ("alpha", "1.0", ""),
        ("beta", "2.1~rc1", "Epoch: 3"),
        ("gamma-tools", "0.9", "Epoch: 0"),
    ):
        spec = tmp_path / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, version=version, epoch=epoch))
        build = (folder / "usr/bin/rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/b", spec)
        subprocess.run(build, capture_output=True, check=True, env=environment)
    root = tmp_path / "root"
    root.mkdir()
    options = ("--define", "_db_backend sqlite", "--dbpath", "/var/lib/rpm")
    rpm = (str(folder / "usr/bin/rpm"), "--root", str(root), *options)
    packages = sorted((tmp_path / "b/RPMS/noarch").iterdir())
    install = (*rpm, "-i", "--nodeps", *map(str, packages))
    subprocess.run(install, capture_output=True, check=True, env=environment)
    form = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{ARCH}\n"
    listed = subprocess.run(
        (*rpm, "-qa", "--qf", form), capture_output=True, text=True, check=True, env=environment
    ).stdout
    database = root / "var/lib/rpm/rpmdb.sqlite"
    log = database.with_name("rpmdb.sqlite-wal")
    found = read_rpm(database.read_bytes())

    # rpm empties its log when it ends: what is in the database is all there is.
    assert not log.exists() or not log.stat().st_size
    assert sorted(f"{one.name} {one.version} {one.architecture}" for one in found) == sorted(
        listed.splitlines()
    )
    assert len(found) == 3


def header(*tags: tuple[int, int, bytes]) -> bytes:
    index, values = b"", b""
    for tag, kind, value in tags:
        index += struct.pack(">IIII", tag, kind, len(values), 1)
        values += value
    return struct.pack(">II", len(tags), len(values)) + index + values


GOOD = ((1000, 6, b"a\0"), (1001, 6, b"1\0"), (1002, 6, b"2\0"))


def database(tmp_path: Path, *blobs: object) -> bytes:
    path = tmp_path / "db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
        made.executemany("INSERT INTO Packages (blob) VALUES (?)", [(one,) for one in blobs])
    made.close()
    return path.read_bytes()


def test_keys_among_the_packages_are_none(tmp_path: Path) -> None:
    key = header((1000, 6, b"gpg-pubkey\0"), *GOOD[1:])

    assert read_rpm(database(tmp_path, header(*GOOD), key)) == [Package("a", "1-2")]


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\0" * 8,
        header(*GOOD[:2]),
        struct.pack(">II", 1 << 20, 0),
        struct.pack(">II", 1, 1 << 20) + bytes(16),
        header((1000, 6, b"a"))[:20],
    ],
)
def test_a_header_that_is_none_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"package|header"):
        read_rpm_header(blob)


def test_text_in_place_of_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none"):
        read_rpm(database(tmp_path, "text"))


def test_a_view_that_never_ends_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "db"
    endless = (
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) "
        "SELECT n AS hnum, n AS blob FROM r"
    )
    with sqlite3.connect(path) as made:
        made.execute("CREATE VIEW Packages AS " + endless)
    made.close()

    with pytest.raises(ValueError, match="SQLite says: interrupted"):
        read_rpm(path.read_bytes())
