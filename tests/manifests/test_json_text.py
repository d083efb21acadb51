"""JSON to plain data."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from webhook.errors import InvalidObjectError
from webhook.manifests.json_text import NoJsonError, read_json
from webhook.manifests.lines import Lines


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        (" \n\t\r", []),
        ("null", []),
        ('{"a": 1}', [(1, {"a": 1})]),
        ('\n\n{"a": 1}\n', [(3, {"a": 1})]),
        ('{"a": 1}\n{"b": 2}\n\n{"c": 3}', [(1, {"a": 1}), (2, {"b": 2}), (4, {"c": 3})]),
        ('{"a":\n1}{"b": 2}', [(1, {"a": 1}), (2, {"b": 2})]),
        ("[1, [2]] 5", [(1, [1, [2]]), (1, 5)]),
        ('{"a": "\\ud83d\\ude00"}', [(1, {"a": "😀"})]),
    ],
)
def test_values_stand_alone_or_in_a_row(text: str, documents: list[object]) -> None:
    assert [(parsed.line, parsed.data) for parsed in read_json(text, "f.json")] == documents


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "1: Expecting property name enclosed in double quotes"),
        ('{"a": 1}\n{"b": ]', "2: Expecting value"),
        ("{'a': 1}", "1: Expecting property name enclosed in double quotes"),
        ("{{ .Values.x }}", "1: Expecting property name enclosed in double quotes"),
        ('{"a": 1}\n---\n{"b": 2}', "2: Expecting value"),
    ],
)
def test_what_is_no_json_may_be_something_else(text: str, message: str) -> None:
    with pytest.raises(NoJsonError) as raised:
        list(read_json(text, "f.json"))

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "a": 2}', "f.json:2: the key 'a' is there twice"),
        ('{"a": 1,\n "\\u0061": 2}', "f.json:2: the key 'a' is there twice"),
        (
            '{"x": [{"a": {}},\n{"b": "}", "c": [],\n"b": 2}]}',
            "f.json:3: the key 'b' is there twice",
        ),
        ('{"a": 1}\n\n{"a": 1, "a": 2}', "f.json:3: the key 'a' is there twice"),
        ('{"a": NaN}', "f.json:1: NaN is no JSON"),
        ('{"a": -Infinity}', "f.json:1: -Infinity is no JSON"),
        ('{"a": ' + "9" * 5000 + "}", "f.json:1: Exceeds the limit"),
        ("[" * 100_000, "f.json:1: it is nested too deeply"),
        ('{"a": 1}\n["\\ud800"]', "f.json:2: a \\u escape is half of a character"),
        ('{"\\uDFFF": 1}', "f.json:1: a \\u escape is half of a character"),
    ],
)
def test_json_that_says_two_things_is_an_error(text: str, message: str) -> None:
    with pytest.raises(InvalidObjectError) as raised:
        list(read_json(text, "f.json"))

    assert str(raised.value).startswith(message)


def test_lines_are_those_of_keys_and_entries() -> None:
    text = """
{
  "kind": "Pod", "spec":
  {
    "containers": [
      {
        "image": "a,[\\"{",
        "args": [], "env": {}
      },
      5
    ]
  }
}
"""
    (parsed,) = read_json(text, "f.json")

    assert dict(Lines(parsed.data, parsed.line, parsed.starts)) == {
        "": 2,
        "/kind": 3,
        "/spec": 3,
        "/spec/containers": 5,
        "/spec/containers/0": 6,
        "/spec/containers/0/image": 7,
        "/spec/containers/0/args": 8,
        "/spec/containers/0/env": 8,
        "/spec/containers/1": 10,
    }


def test_all_of_one_line_stands_in_that_line() -> None:
    *_, last = read_json('{"a": 1}\n{"spec": {"containers": [{"image": "x"}]}}\n', "f.json")

    assert Lines(last.data, last.line, last.starts)["/spec/containers/0/image"] == 2


@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_what_json_wrote_is_read_again(data: object) -> None:
    text = json.dumps([data], indent=1)
    (parsed,) = read_json(text, "f.json")
    lines = Lines(parsed.data, parsed.line, parsed.starts)

    assert parsed.data == [data]
    assert max(lines.values()) <= text.count("\n") + 1


@given(text=st.text('{}[]",:\\\n 1ntrue', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(NoJsonError):
        assert refusal(
            lambda: [
                dict(Lines(parsed.data, parsed.line, parsed.starts))
                for parsed in read_json(text, "f.json")
            ]
        ).isprintable()
