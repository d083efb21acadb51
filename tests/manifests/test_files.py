"""Which files are read, and by which reader."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from webhook.errors import InvalidObjectError
from webhook.manifests import find_files, read_bytes, read_documents, read_file
from webhook.manifests.files import MAX_BYTES


def write(path: Path, text: str = "kind: A\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def problem(path: Path) -> str:
    with pytest.raises(InvalidObjectError) as raised:
        list(read_documents(path))
    return str(raised.value)


def test_a_folder_is_its_manifests_in_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.json", "sub/deep/d.YAML"):
        write(tmp_path / name, "{}")
    for name in ("readme.md", ".git/x.yaml", "yaml", "z.tpl"):
        write(tmp_path / name)

    found = [str(path.relative_to(tmp_path)) for path in find_files(tmp_path)]

    assert found == ["a.yml", "b.yaml", "sub/c.json", "sub/deep/d.YAML"]


def test_hidden_manifests_are_found_because_kubectl_applies_them(tmp_path: Path) -> None:
    hidden = (".hidden.yaml", ".yaml", "sub/.cache/y.yaml", ".deep/.er/z.json")
    for name in hidden:
        write(tmp_path / name, "{}")

    assert {str(path.relative_to(tmp_path)) for path in find_files(tmp_path)} == {*hidden}


def test_documents_name_their_file_as_it_was_found(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "kind: A\n---\nkind: B\n")
    write(tmp_path / "sub" / "b.json", '{"kind": "C"}')

    assert [(one.file, one.line, one.data) for one in read_documents(tmp_path)] == [
        (f"{tmp_path}/a.yaml", 1, {"kind": "A"}),
        (f"{tmp_path}/a.yaml", 3, {"kind": "B"}),
        (f"{tmp_path}/sub/b.json", 1, {"kind": "C"}),
    ]


def test_a_path_may_be_text_and_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "sub" / "a.yaml")
    monkeypatch.chdir(tmp_path)

    assert [one.where for one in read_documents("sub")] == ["sub/a.yaml:1"]


def test_a_file_that_is_named_itself_is_read_whatever_its_name(tmp_path: Path) -> None:
    for name in (".hidden.yaml", "pod.txt", "pod"):
        path = write(tmp_path / name)

        assert [one.data for one in read_documents(path)] == [{"kind": "A"}]


def test_links_to_files_are_read_and_links_to_folders_are_not(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "a.yaml")
    inside = tmp_path / "inside"
    write(inside / "b.yaml")
    (inside / "loop").symlink_to(inside)
    (inside / "folder").symlink_to(outside.parent)
    (inside / "file.yaml").symlink_to(outside)
    (inside / "broken.yaml").symlink_to(tmp_path / "nowhere")

    assert [path.name for path in find_files(inside)] == ["b.yaml", "file.yaml"]


def test_a_link_to_a_folder_that_is_named_itself_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "folder" / "a.yaml")
    (tmp_path / "link").symlink_to(tmp_path / "folder")

    assert [path.name for path in find_files(tmp_path / "link")] == ["a.yaml"]


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml")
    os.mkfifo(tmp_path / "b.yaml")

    assert [path.name for path in find_files(tmp_path)] == ["a.yaml"]


def test_a_folder_without_manifests_is_an_error_and_no_pass(tmp_path: Path) -> None:
    write(tmp_path / "readme.md")

    assert problem(tmp_path) == (
        f"{tmp_path}: no .yaml, .yml or .json file in this folder or those in it"
    )


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert problem(tmp_path / "x") == f"{tmp_path}/x: No such file or directory"


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")

    assert problem(path) == f"{path}:2: this is not UTF-8"


def test_a_file_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)

    assert problem(path) == f"{path}: longer than 32 MiB"


def test_a_name_that_is_not_utf8_breaks_no_message(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.yaml")
    try:
        path.write_text("kind: A")
    except OSError:
        pytest.skip("this file system has UTF-8 names only")

    (document,) = read_file(path)
    assert document.file == f"{tmp_path}/\ufffd.yaml"


@pytest.mark.parametrize(
    ("name", "content", "data"),
    [
        ("a.yaml", '{"a": 1}', [{"a": 1}]),
        ("a.yaml", '\ufeff{"a": 1}', [{"a": 1}]),
        ("a.yaml", "\ufeffa: 1", [{"a": 1}]),
        ("a.json", '\ufeff{"a": 1}', [{"a": 1}]),
        ("a.yaml", "{a: 1}", [{"a": 1}]),
        ("a.yaml", '{"a": 1}\n---\n{"b": 2}\n', [{"a": 1}, {"b": 2}]),
        ("<stdin>", '{"a": 1}\n{"b": 2}\n', [{"a": 1}, {"b": 2}]),
        ("<stdin>", "a: 1\n", [{"a": 1}]),
        ("<stdin>", "", []),
        ("a.json", "", []),
    ],
)
def test_the_reader_fits_the_content(name: str, content: str, data: list[object]) -> None:
    assert [one.data for one in read_bytes(content.encode(), name)] == data


def test_what_is_named_json_must_be_json() -> None:
    with pytest.raises(InvalidObjectError, match=r"^a\.json:2: Expecting value$"):
        list(read_bytes(b'{"a":\n b}', "a.json"))


def test_json_with_two_equal_keys_is_not_tried_as_yaml() -> None:
    with pytest.raises(InvalidObjectError, match=r"^a\.yaml:1: the key 'a' is there twice$"):
        list(read_bytes(b'{"a": 1, "a": 2}', "a.yaml"))


@given(content=st.binary(max_size=40), name=st.sampled_from(["a.yaml", "a.json", "<stdin>"]))
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    refused = refusal(lambda: [dict(one.lines) for one in read_bytes(content, name)])

    assert refused.isprintable()
    assert not refused or refused.startswith(name)
