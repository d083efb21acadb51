"""Which files are read, once each, and what in them has no digest."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.builders import DIGEST
from tests.cli.checking import PINNED, TAGGED, pod, write
from webhook.cli.pin_files import read_files, read_input, unpinned
from webhook.errors import InputError


def test_a_file_is_read_once_whatever_leads_to_it(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    (tmp_path / "link.yaml").symlink_to(file)
    files, errors, templates = read_files([str(tmp_path), str(file)])

    assert [one.path for one in files] == [file.resolve()]
    assert (errors, templates) == ([], [])


def test_a_template_in_a_folder_is_no_error_and_one_that_is_named_is(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", "{{- if .x }}\na: b\n{{- end }}\n")

    assert [len(one) for one in read_files([str(tmp_path)])] == [0, 0, 1]
    assert [len(one) for one in read_files([str(file)])] == [0, 1, 0]
    assert [len(one) for one in read_files([str(tmp_path / "none")])] == [0, 1, 0]


@pytest.mark.parametrize(
    ("name", "text"), [("web.yaml", pod(app=TAGGED)), ("app/Dockerfile", f"FROM {TAGGED}\n")]
)
def test_standard_input_is_read_as_what_it_is_called(name: str, text: str) -> None:
    (spot,) = read_input(io.BytesIO(text.encode()), name).found.spots

    assert spot.image == TAGGED


def test_standard_input_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(InputError, match=r"in\.yaml"):
        read_input(io.BytesIO(b"a: ["), "in.yaml")


def test_what_has_no_digest_is_told_in_the_order_of_its_lines() -> None:
    text = f"FROM {TAGGED}\nARG V=3\nFROM alpine:$V\nFROM b@{DIGEST}\nFROM {PINNED}\nFROM c:1\n"
    file = read_input(io.BytesIO(text.encode()), "Dockerfile")
    lines = list(unpinned([file]))

    assert lines[0] == f"Dockerfile:1: {TAGGED}: has no digest"
    assert lines[1].startswith("Dockerfile:3: alpine:$V: ")
    assert lines[2:] == ["Dockerfile:6: c:1: has no digest"]
