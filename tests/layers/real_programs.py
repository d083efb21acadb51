"""The words of a test in the place of which programs, folders and ports stand that are here."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import playwright

from tests.layers.real_cases import INITTAB, Case

_SPECIAL = {
    "EMPTY": "",
    "TEXT": "sleep 60; :",
    "RESTS": "sleep 60",
    "SLEEPS": "import time; time.sleep(60)",
    "WAITS": "setTimeout(() => 0, 60000)",
    "HANDLES": "process.on('SIGTERM', () => process.exit()); setTimeout(() => 0, 60000); "
    "require('fs').writeFileSync('FOLDER/ready', '')",
}
_RUBY = frozenset(("unicorn", "puma"))


def written(case: Case, folder: Path, debian: Path) -> list[str]:
    """The argv, with every word in its place; what it reads is written into the folder."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])

    def filled(text: str) -> str:
        text = text.replace("FOLDER", str(folder)).replace("DEBIAN", str(debian))
        return text.replace("PORT", port)

    conf = folder / case.name
    conf.write_text(filled(case.conf))
    conf.chmod(0o600)
    words = case.argv.split()
    if "ROOT" in words:
        _root(folder, debian)
    return [
        _program(filled(_SPECIAL.get(word, word).replace("ROOT", str(folder))), folder, debian)
        for word in words
    ]


def surroundings(debian: Path) -> dict[str, str]:
    """What finds libraries and services of the packages."""
    libraries = [*debian.glob("usr/lib/*-linux-gnu"), *debian.glob("lib/*-linux-gnu")]
    ruby = [
        *debian.glob("usr/lib/ruby/vendor_ruby"),
        *debian.glob("usr/lib/ruby/3.*"),
        *debian.glob("usr/lib/*/ruby/3.*"),
        *debian.glob("usr/lib/*/ruby/vendor_ruby/3.*"),
    ]
    gems = [
        *debian.glob("usr/share/rubygems-integration/*"),
        *debian.glob("usr/lib/*/rubygems-integration/*"),
    ]
    return {
        "LD_LIBRARY_PATH": _joined(libraries),
        "PYTHONPATH": str(debian / "usr/lib/python3/dist-packages"),
        "RUBYLIB": _joined([*ruby, *(lib for gem in gems for lib in gem.glob("gems/*/lib"))]),
        "GEM_PATH": _joined(gems),
        "PATH": f"{debian}/usr/bin:{debian}/usr/sbin:{debian}/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    }


def find(name: str, debian: Path) -> Path | None:
    """A program of the packages."""
    found = (
        one
        for place in ("usr/*bin", "bin", "usr/lib/postgresql/*/bin")
        for one in debian.glob(f"{place}/{name}")
    )
    return next(found, None)


def _joined(paths: list[Path]) -> str:
    return os.pathsep.join(map(str, paths))


def _program(word: str, folder: Path, debian: Path) -> str:
    if word == "PYTHON":
        return sys.executable
    if word == "NODE":
        return str(Path(playwright.__file__).parent / "driver" / "node")
    name = {"DASH": "dash"}.get(word, word)
    if not name or "/" in name or " " in name:
        return name
    found = find(name, debian)
    if found is None:
        return shutil.which(name) or name
    interpreter = find("ruby3.1", debian) if name in _RUBY else Path(sys.executable)
    if name != "supervisord" and name not in _RUBY:
        return str(found)
    # Its own interpreter is Debian's, which this machine need not have.
    script = folder / name
    script.write_text(f"#!{interpreter}\n{found.read_text().partition(chr(10))[2]}")
    script.chmod(0o755)
    return str(script)


def _root(folder: Path, debian: Path) -> None:
    """A root in which busybox is all there is."""
    for name in ("bin", "etc", "dev", "proc"):
        (folder / name).mkdir()
    shutil.copy(debian / "bin/busybox", folder / "bin/busybox")
    (folder / "bin/init").symlink_to("busybox")
    (folder / "etc/inittab").write_text(INITTAB)
