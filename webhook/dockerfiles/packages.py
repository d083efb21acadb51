"""Packages that a RUN installs without saying in which version.

>>> unversioned("apk add --no-cache tini=0.19.0-r3 curl")
[Install(program='apk add', packages=('curl',))]
"""

from __future__ import annotations

import re

import msgspec

MAX_TEXT = 64 * 1024
"""Characters of one RUN that are looked at."""

_BREAKS = re.compile(r"&&|\|\||[;|&()\n]")
_WORDS = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s\"']+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=", re.ASCII)
_PACKAGE = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9+._@/:-]*(?:\[[A-Za-z0-9,_-]*\])?", re.ASCII)
_APK = re.compile(r"[=<>~]")
_APT = re.compile(r"[=/]")
_PIP = re.compile(r"===?|@|://")
_LOCAL = (".", "/", "~")
_FILES = (".whl", ".tar.gz", ".zip", ".deb", ".apk")
_PREFIXES = frozenset({"sudo", "exec", "env", "then", "do", "else", "if", "!", "time", "command"})

# Options of each program that take the next word for their value.
_APK_VALUES = frozenset(
    {"-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--repositories-file"}
)
_APT_VALUES = frozenset({"-t", "--target-release", "-o", "--option", "-c", "--config-file", "-a"})
_PIP_VALUES = frozenset(
    "-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t --target "
    "--prefix --root --platform --python-version --implementation --abi --no-binary --only-binary "
    "--upgrade-strategy --src --cache-dir --trusted-host --proxy --timeout --retries --python "
    "-e --editable --config-settings --global-option --log --report --progress-bar".split()
)


class Install(msgspec.Struct, frozen=True):
    """One command that installs what is newest today."""

    program: str
    packages: tuple[str, ...]


def unversioned(text: str) -> list[Install]:
    """The installs in a shell text, each with its packages that say no version.

    Variables, files and URLs say nothing about versions here, and are not told of.
    """
    found: list[Install] = []
    for command in _BREAKS.split(text[:MAX_TEXT]):
        said = [word.strip("\"'") for word in _WORDS.findall(command)]
        while said and (said[0] in _PREFIXES or _ASSIGNMENT.match(said[0])):
            del said[0]
        install = _install(said)
        if install is not None and install.packages:
            found.append(install)
    return found


def _install(said: list[str]) -> Install | None:
    name = said[0].rpartition("/")[2] if said else ""
    if name.startswith("python") and said[1:2] == ["-m"] and len(said) > 2:  # noqa: PLR2004 - python -m pip
        said, name = said[2:], said[2]
    if name == "apk":
        return _read("apk add", said, "add", _APK_VALUES, _APK)
    if name in {"apt-get", "apt"}:
        return _read(f"{name} install", said, "install", _APT_VALUES, _APT)
    if re.fullmatch(r"pip[0-9.]*", name):
        return _read("pip install", said, "install", _PIP_VALUES, _PIP)
    return None


def _read(
    program: str, said: list[str], verb: str, values: frozenset[str], version: re.Pattern[str]
) -> Install | None:
    packages: list[str] = []
    seen_verb = False
    words = iter(said[1:])
    for word in words:
        if word.startswith("-"):
            if word in values:
                next(words, None)
        elif not seen_verb:
            if word != verb:
                return None
            seen_verb = True
        elif _unversioned(word, version):
            packages.append(word)
    return Install(program, tuple(packages)) if seen_verb else None


def _unversioned(word: str, version: re.Pattern[str]) -> bool:
    return (
        not word.startswith(_LOCAL)
        and not word.endswith(_FILES)
        and version.search(word) is None
        and _PACKAGE.fullmatch(word) is not None
    )
