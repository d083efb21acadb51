"""YAML to plain data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from webhook.errors import InvalidObjectError
from webhook.manifests.json_text import read_json
from webhook.manifests.lines import Lines
from webhook.manifests.yaml_text import MAX_ALIASED, MAX_DEPTH, read_yaml


def load(text: str) -> list[Any]:
    return [parsed.data for parsed in read_yaml(text.encode(), "f.yaml")]


def lines(text: str) -> Lines:
    (parsed,) = read_yaml(text.encode(), "f.yaml")
    return Lines(parsed.data, parsed.line, parsed.starts)


def problem(text: str) -> str:
    with pytest.raises(InvalidObjectError) as raised:
        load(text)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        ("# a remark\n", []),
        ("---\n---\n...\n", []),
        ("~\n--- null\n", []),
        ("a: 1\n---\n# empty\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: [x, {b: c}]", [{"a": ["x", {"b": "c"}]}]),
        ("- a\n- - b\n- {}\n- []\n", [["a", ["b"], {}, []]]),
        ("text", ["text"]),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", [{"a": "x\ny\n", "b": "x y"}]),
        ("a: '5'\nb: \"yes\"\nc: ! 5\nd: !!str 5\n", [{"a": "5", "b": "yes", "c": "5", "d": "5"}]),
        ('a: ! "5"', [{"a": "5"}]),
        ("date: 2024-01-01\non: off\n", [{"date": "2024-01-01", "true": False}]),
        ("1: a\nno: b\n1.5: c\n'2': d\n", [{"1": "a", "false": "b", "1.5": "c", "2": "d"}]),
        ("a: &x [1]\nb: *x\n", [{"a": [1], "b": [1]}]),
        ("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", [{"a": 1, "b": 1, "c": 2, "d": 2}]),
        ("&k a: *k\n", [{"a": "a"}]),
        ("a: !!map {}\nb: !!seq []\n", [{"a": {}, "b": []}]),
        ("a: <<\n", [{"a": "<<"}]),
        ("- <<\n", [["<<"]]),
    ],
)
def test_documents_are_read_as_kubectl_reads_them(text: str, documents: list[object]) -> None:
    assert load(text) == documents


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("x: &x {a: 1, b: 2}\nto:\n  <<: *x\n  a: 3\n", {"a": 3, "b": 2}),
        ("x: &x {a: 1, b: 2}\nto:\n  c: 3\n  <<: *x\n", {"c": 3, "a": 1, "b": 2}),
        ("x: &x {a: 1}\nto:\n  <<: [*x, {a: 2, b: 3}]\n", {"a": 1, "b": 3}),
        ("x: &x {}\nto:\n  <<: *x\n", {}),
        ("to:\n  <<: []\n", {}),
        ("x: &x {a: 1}\nz: &z {<<: *x, b: 2}\nto: {<<: *z}\n", {"a": 1, "b": 2}),
    ],
)
def test_merged_keys_stand_behind_written_ones(text: str, merged: object) -> None:
    assert load(text)[0]["to"] == merged


def test_merging_does_not_change_what_is_merged() -> None:
    assert load("x: &x {a: 1}\ny: {<<: *x, b: 2}\n")[0]["x"] == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: the key 'a' is there twice"),
        ("x:\n- {a: 1, a: 2}\n", "f.yaml:2: the key 'a' is there twice"),
        ("1: a\n'1': b\n", "f.yaml:2: the key '1' is there twice"),
        ("a: 1\n<<: {}\n<<: {}\n", "f.yaml:3: the key '<<' is there twice"),
        # kubectl takes the merged value, YAML the one that is written.
        ("a: 1\n<<: {a: 2}\n", "f.yaml:2: the key 'a' is in what << merges; write << first"),
        ("a: 1\n<<: [{}, {a: 2}]\n", "f.yaml:2: the key 'a' is in what << merges; write << first"),
        # To kubectl these are no merges.
        ("'<<': {a: 2}\n", "f.yaml:1: << is a key like any other in quotes; leave them out"),
        ("- &m <<\n- *m : {a: 2}\n", "f.yaml:2: << is a key like any other in quotes; leave"),
        ("a: 1\n---\nb: [\n", "f.yaml:4: did not find expected node content"),
        ("a: b: c\n", "f.yaml:1: mapping values are not allowed in this context"),
        ("a:\n\t- b\n", "f.yaml:2: found character that cannot start any token"),
        ("a: *x\n", "f.yaml:1: nothing is marked with &x"),
        ("--- &x 1\n--- *x\n", "f.yaml:2: nothing is marked with &x"),
        ("a: &x [*x]\n", "f.yaml:1: *x stands inside of what it stands for"),
        ("a: &x {b: *x}\n", "f.yaml:1: *x stands inside of what it stands for"),
        ("[a]: b\n", "f.yaml:1: a key must be a word, not a mapping or a list"),
        ("{{a: b}: c}\n", "f.yaml:1: a key must be a word, not a mapping or a list"),
        ("x: &x [a]\n*x : b\n", "f.yaml:2: a key must be a word, not a mapping or a list"),
        ("? \n: a\n", "f.yaml:1: a key is missing before the colon"),
        ("~: a\n", "f.yaml:1: a key is missing before the colon"),
        ("{a: 1, !!str,b a: 2}\n", "f.yaml:1: there is nothing behind a tag: write the value"),
        ("[!,b]\n", "f.yaml:1: there is nothing behind a tag: write the value, or quotes"),
        ("<<: 5\n", "f.yaml:1: << takes a mapping, or a list of mappings"),
        ("<<: [{}, 5]\n", "f.yaml:1: << takes a mapping, or a list of mappings"),
        ("a: .inf\n", "f.yaml:1: .inf is no number that JSON has"),
        ("a: !Ref b\n", "f.yaml:1: a value with the tag !Ref cannot be read"),
        ("a:\n  !x {}\n", "f.yaml:2: a value with the tag !x cannot be read"),
        (
            "a: !!set {b}\n",
            "f.yaml:1: a value with the tag tag:yaml.org,2002:set cannot be read",
        ),
        (
            "a: !!python/object/apply:os.system [id]\n",
            "f.yaml:1: a value with the tag tag:yaml.org,2002:python/object/apply:os.system",
        ),
        ("a: 1\nb: \x07\n", "f.yaml:2: "),
        ("a: 1\n%x\n", "f.yaml:2: "),
    ],
)
def test_what_cannot_be_meant_is_an_error_with_its_line(text: str, message: str) -> None:
    assert problem(text).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "image: {{ .Values.image }}\n",
        "{{- if .Values.enabled }}\nkind: Pod\n{{- end }}\n",
        "kind: Pod\n{{- with .Values.x }}\n  a: b\n{{- end }}\n",
    ],
)
def test_a_template_is_told_to_be_one(text: str) -> None:
    assert "it looks like a template: render it first" in problem(text)


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000, "a:\n" + "? " * 5000])
def test_deep_nesting_ends_early(text: str) -> None:
    # libyaml has a bound of its own, and sometimes comes to it first: it reads ahead.
    assert "nest" in problem(text)


def test_nesting_within_the_limit_is_read() -> None:
    (data,) = load("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    beyond = problem("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))

    assert "nested more than" in beyond

    depth = 0
    while data:
        data, depth = data[0], depth + 1
    assert depth == MAX_DEPTH - 1


def test_aliases_that_multiply_end_early() -> None:
    bomb = "a0: &a0 [" + ",".join("x" * 10) + "]\n"
    for level in range(1, 10):
        bomb += f"a{level}: &a{level} [" + ",".join([f"*a{level - 1}"] * 10) + "]\n"

    assert f"its aliases stand for more than {MAX_ALIASED} values" in problem(bomb)


def test_a_document_of_too_many_values_ends_early() -> None:
    text = b"[" + b"a," * 50 + b"]"

    assert len(list(read_yaml(text, "f.yaml", 52))) == 1
    with pytest.raises(InvalidObjectError, match="it holds more values than anybody writes"):
        list(read_yaml(text, "f.yaml", 51))


def test_merged_aliases_multiply_too() -> None:
    bomb = "a0: &a0 {x: [" + ",".join("x" * 100) + "]}\n"
    for level in range(1, 10):
        keys = ", ".join(f"k{key}: *a{level - 1}" for key in range(10))
        bomb += f"a{level}: &a{level} {{{keys}, <<: *a0}}\n"

    assert "its aliases stand for more than" in problem(bomb)


def test_lines_are_those_of_keys_and_entries() -> None:
    text = """\
# a Pod
kind: Pod
spec:
  containers:
  - name: a

    image: >
      nginx
  -
    image: redis
  x: &x {in: z}
  again: *x
  merged:
    <<: *x
"""

    found = lines(text)

    assert found[""] == 2
    assert {
        pointer: found[pointer]
        for pointer in (
            "/kind",
            "/spec/containers",
            "/spec/containers/0",
            "/spec/containers/0/image",
            "/spec/containers/1",
            "/spec/containers/1/image",
            "/spec/again/in",
            "/spec/merged/in",
        )
    } == {
        "/kind": 2,
        "/spec/containers": 4,
        "/spec/containers/0": 5,
        "/spec/containers/0/image": 7,
        "/spec/containers/1": 10,
        "/spec/containers/1/image": 10,
        "/spec/again/in": 11,
        "/spec/merged/in": 14,
    }


def test_documents_begin_where_they_begin() -> None:
    parsed = list(read_yaml(b"\n# x\na: 1\n---\n\ntext\n--- &a\n- b\n", "f.yaml"))

    assert [one.line for one in parsed] == [3, 6, 7]


TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
DATA = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(data=DATA, indent=st.sampled_from([None, 1, 4]))
def test_json_says_the_same_as_yaml_and_as_json(data: object, indent: int | None) -> None:
    text = json.dumps(data, indent=indent)
    if indent is None or '"<<"' in text:
        # The merge key is YAML only, and a long key on one line is none.
        return

    (as_yaml,) = read_yaml(text.encode(), "f.json")
    (as_json,) = read_json(text, "f.json")

    assert as_yaml.data == as_json.data == data
    assert dict(Lines(as_yaml.data, 1, as_yaml.starts)) == dict(
        Lines(as_json.data, 1, as_json.starts)
    )


@given(text=st.text(max_size=30) | st.text("ab:-?&*!|>%@{}[],#'\"\n <~1", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return
    refused = refusal(lambda: list(read_yaml(encoded, "f.yaml")))

    assert refused.isprintable()
    assert not refused or refused.startswith("f.yaml:")
    if not refused:
        json.dumps(load(text), allow_nan=False)


@pytest.mark.parametrize(
    "marker", ["---#", "---#:", "---a", "---\u00a0", "---\v", "---\u2028", "----"]
)
def test_what_ends_a_document_only_for_other_tools_is_refused(marker: str) -> None:
    """Kubectl finds a Pod in these; to YAML it is a part of the ConfigMap, or a plain word."""
    assert problem(f"kind: ConfigMap\n{marker}\n kind: Pod\n").startswith(
        "f.yaml:2: tools disagree"
    )
    assert problem(f'# a\n{marker}\n{{"kind":"Pod"}}\n').startswith("f.yaml:2: tools disagree")


@pytest.mark.parametrize("marker", ["---", "--- ", "---\t", "---\r", "--- # a remark"])
def test_what_ends_a_document_for_everybody_is_read(marker: str) -> None:
    assert load(f"kind: A\n{marker}\nkind: B\n") == [{"kind": "A"}, {"kind": "B"}]
    assert load(f"kind: A\nkey: |\n ---#\n{marker}") == [{"kind": "A", "key": "---#\n"}]
