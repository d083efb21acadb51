"""Where a part of a document stands."""

from __future__ import annotations

import pytest

from webhook.core.document import Document, NoLines, path_text, pointer_of

DOCUMENT = Document("pod.yaml", 3, {}, {"/spec": 5, "/spec/containers/0": 7})


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((), "pod.yaml:3"),
        (("spec",), "pod.yaml:5"),
        (("spec", "containers", 0, "image"), "pod.yaml:7"),
        (("spec", "containers", 1, "image"), "pod.yaml:5"),
        (("metadata", "name"), "pod.yaml:3"),
    ],
)
def test_a_part_without_a_line_stands_where_the_part_above_it_does(
    path: tuple[str | int, ...], where: str
) -> None:
    assert DOCUMENT.at(path) == where


def test_what_came_from_no_file_stands_nowhere() -> None:
    document = Document("", 0, {"spec": {}})

    assert document.where == ""
    assert document.at(("spec",)) == ""
    assert dict(document.lines) == {}
    assert len(NoLines()) == 0
    with pytest.raises(KeyError):
        document.lines["/spec"]


def test_a_file_without_lines_is_named_alone() -> None:
    assert Document("pod.yaml", 0, {}).where == "pod.yaml"


def test_pointers_escape_what_rfc_6901_escapes() -> None:
    assert pointer_of(("a~b", "c/d", 0)) == "/a~0b/c~1d/0"


def test_a_path_is_written_as_people_write_it() -> None:
    assert path_text(("spec", "containers", 0, "image")) == "spec.containers[0].image"
    assert path_text(()) == ""
