"""Changed files: what a diff says, and that a file is replaced as a whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from webhook.cli.rewrites import coloured, diff, write
from webhook.errors import InputError


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (b"a\nb\n", b"a\nc\n", [" a", "-b", "+c"]),
        (b"a\r\nb\r\n", b"a\r\nc\r\n", [" a\r", "-b\r", "+c\r"]),
        (b"b", b"c", ["-b", "\\ No newline at end of file", "+c", "\\ No newline at end of file"]),
        (b"a\n", b"a\n", []),
    ],
)
def test_a_diff_has_the_lines_as_they_are(old: bytes, new: bytes, lines: list[str]) -> None:
    text = diff("/deploy/web.yaml", old, new)

    shown = [line for line in text.split("\n") if line]
    assert shown[3:] == lines
    if lines:
        assert shown[:2] == ["--- a/deploy/web.yaml", "+++ b/deploy/web.yaml"]


def test_colours_escape_what_moves_a_cursor() -> None:
    assert coloured("-a\x1b[2J\n c") == "\x1b[31m-a\\x1b[2J\x1b[0m\n c"


def test_a_file_is_replaced_with_its_mode_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    write(file, b"old", b"new")

    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_what_somebody_changed_meanwhile_is_left(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_bytes(b"theirs")

    with pytest.raises(InputError, match="somebody changed it meanwhile"):
        write(file, b"old", b"new")
    assert file.read_bytes() == b"theirs"
