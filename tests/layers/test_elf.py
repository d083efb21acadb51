"""What programs are built with, told from their bytes as they stream by."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.layers.roots import layer
from tests.layers.stubs import ELF, elf, tree_of
from tests.tools import require_servers, require_tool
from webhook.core.inside import ProgramKind
from webhook.demo.images import sha256
from webhook.layers.elf import read_elf
from webhook.layers.limits import Limits
from webhook.layers.one_layer import OneLayer
from webhook.layers.programs import Programs
from webhook.layers.shell_parser import parse
from webhook.layers.tree import Found, Tree

PANIC = b"/usr/src/rustc-1.63.0/library/core/src/str/mod.rs"
GO_NOTE = b"\4\0\0\0\4\0\0\0\4\0\0\0Go\0\0abcd"


def built(content: bytes, piece: int = 1 << 16, name: str = "app") -> str:
    """What is remembered of a program that streams by in pieces."""
    tar = layer({name: content, "other": ELF})
    reading = OneLayer(sha256(tar), Limits(), unpacked=1 << 30)
    for at in range(0, len(tar), piece):
        reading.feed(tar[at : at + piece])
    tree = Tree([reading.close()], complete=True)
    other, found = tree.lookup("/other"), tree.lookup(f"/{name}")
    assert isinstance(other, Found)
    assert other.entry.elf is not None
    assert other.entry.elf.built_with == ""
    assert isinstance(found, Found)
    return found.entry.elf.built_with if found.entry.elf is not None else "none"


@pytest.mark.parametrize("piece", [512, 1 << 16, 1 << 24])
@pytest.mark.parametrize("before", [0, 5_000, 3_000_000])
def test_a_rust_program_is_told_by_what_its_library_would_say(before: int, piece: int) -> None:
    program = ELF + bytes(before) + (PANIC + bytes(100)) * 20 + bytes(9_000)

    assert built(program, piece) == "rust"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ELF + bytes(9_000), ""),
        (ELF + bytes(9_000) + b"library/core/src/fmt.rs", "rust"),
        (ELF + bytes(9_000) + b"library/core", ""),
        (elf(note=GO_NOTE) + bytes(9_000) + PANIC, "go"),
        (b"#!/bin/sh\n" + b"#" * 9_000 + PANIC, "none"),
        (b"\0" * 9_000 + PANIC, "none"),
        (ELF, ""),
    ],
)
def test_nothing_else_is_taken_for_one(content: bytes, said: str) -> None:
    assert built(content) == said


def test_what_follows_a_program_is_not_its_own() -> None:
    tar = layer({"app": ELF + bytes(9_000), "notes": ELF + PANIC + bytes(9_000)})
    reading = OneLayer(sha256(tar), Limits(), unpacked=1 << 30)
    reading.feed(tar)

    entries = reading.close().entries

    assert [entries[name].elf for name in ("app", "notes")] == [
        read_elf(ELF),
        read_elf(ELF + PANIC),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [("rg", "rust"), ("tini", ""), ("tini-static", "static"), ("busybox", "static")],
)
def test_real_programs_of_debian(name: str, said: str) -> None:
    debian = require_servers()
    path = next(debian.glob(f"usr/bin/{name}"), None) or next(debian.glob(f"bin/{name}"))

    assert as_program(path) == said


def test_a_real_go_program_is_one() -> None:
    assert as_program(require_tool("docker-registry")) == "go"


@pytest.mark.skipif(shutil.which("rustc") is None, reason="no rustc here: ripgrep must do")
def test_a_program_that_was_compiled_here(tmp_path: Path) -> None:
    """Built as most are, and built small: without names and without unwinding."""
    source = tmp_path / "app.rs"
    source.write_text('fn main() { println!("{}", std::env::args().count()); }')
    for at, flags in enumerate(([], ["-Copt-level=z", "-Cstrip=symbols", "-Cpanic=abort"])):
        made = tmp_path / f"app{at}"
        rustc = shutil.which("rustc") or ""
        subprocess.run((rustc, *flags, "-o", made, source), check=True, timeout=120)
        assert as_program(made) == "rust"


def as_program(path: Path) -> str:
    """How an image would say that it is built."""
    head = path.read_bytes()
    machine = read_elf(head[:4096])
    assert machine is not None
    tree = tree_of({"app": head})
    programs = Programs(tree, architecture=machine.machine, path="", folder="/", parse=parse)
    found = programs.find("/app")
    assert found is not None
    assert found.kind is ProgramKind.ELF
    return found.built
