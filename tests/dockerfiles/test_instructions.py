"""Dockerfiles, taken apart as BuildKit does."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from webhook.dockerfiles.instructions import MAX_CHARACTERS, read_dockerfile, read_instructions


def read(text: str) -> list[tuple[str, int, str]]:
    return [(one.name, one.line, one.text) for one in read_instructions(text, "Dockerfile")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("from a\n", [("FROM", 1, "a")], id="lower case"),
        pytest.param("FROM a", [("FROM", 1, "a")], id="no end of line"),
        pytest.param("\ufeffFROM a\n", [("FROM", 1, "a")], id="byte order mark"),
        pytest.param("FROM a\r\nRUN b\r\n", [("FROM", 1, "a"), ("RUN", 2, "b")], id="CRLF"),
        pytest.param("\n\n  FROM a\n", [("FROM", 3, "a")], id="blank lines and indent"),
        pytest.param("FROM a \\\n AS b\n", [("FROM", 1, "a  AS b")], id="continued"),
        pytest.param("RUN a \\\n# no\n  # no\n b\n", [("RUN", 1, "a  b")], id="comments between"),
        pytest.param("RUN a \\\n\n b\nRUN c", [("RUN", 1, "a  b"), ("RUN", 4, "c")], id="empty"),
        pytest.param("RUN a \\  \n b\n", [("RUN", 1, "a  b")], id="blanks behind the escape"),
        pytest.param("RUN a\\\\\nRUN b", [("RUN", 1, "a\\\\"), ("RUN", 2, "b")], id="escaped"),
        pytest.param("RUN a `\nRUN b", [("RUN", 1, "a `"), ("RUN", 2, "b")], id="no escape"),
        pytest.param("# escape=`\nRUN a `\n b\\\n", [("RUN", 2, "a  b\\")], id="other escape"),
        pytest.param(
            "# syntax=docker/dockerfile:1\n# Escape = `\nRUN a `\n b",
            [("RUN", 3, "a  b")],
            id="2nd",
        ),
        pytest.param(
            "# a remark\n# escape=`\nRUN a `\nRUN b",
            [("RUN", 3, "a `"), ("RUN", 4, "b")],
            id="late",
        ),
        pytest.param("RUN a # b\n", [("RUN", 1, "a # b")], id="no comment inside of a line"),
        pytest.param("RUN a \\", [("RUN", 1, "a")], id="ends in an escape"),
        pytest.param("\\\n", [], id="an escape alone"),
        pytest.param("# only a remark", [], id="remark"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_lines_become_instructions(text: str, found: list[tuple[str, int, str]]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "documents", "after"),
    [
        ("RUN <<E\nFROM no\nE\nCMD x", ("FROM no",), "CMD"),
        ("RUN <<-E\n\ta\n\tE\nCMD x", ("a",), "CMD"),
        ("RUN <<E\n\tE\nE\nCMD x", ("\tE",), "CMD"),
        ("RUN <<'E F'\n$a\nE F\nCMD x", ("$a",), "CMD"),
        ('RUN <<"E"\n\nE\nCMD x', ("",), "CMD"),
        ("COPY <<A <<B /to/\n1\nA\n2\nB\nCMD x", ("1", "2"), "CMD"),
        ("RUN cat 3<<E >x\n# kept\\\nE\nCMD x", ("# kept\\",), "CMD"),
        ("RUN <<E\r\na\r\nE\r\nCMD x", ("a",), "CMD"),
        ('RUN echo "a <<E"\nCMD x', (), "CMD"),
        ("RUN echo $((1<<2))\nCMD x", (), "CMD"),
        ('RUN ["a", "<<E"]\nCMD x', (), "CMD"),
        ("ENV a=<<E\nCMD x", (), "CMD"),
    ],
)
def test_here_documents_are_no_instructions(
    text: str, documents: tuple[str, ...], after: str
) -> None:
    first, second = read_instructions(text, "Dockerfile")

    assert first.documents == documents
    assert second.name == after


def test_flags_are_taken_from_the_front_and_known_by_place() -> None:
    text = "FROM a\nCOPY --chown=1:2 \\\n  --from=b:1 --link /x /y --z\n"
    copied = read_instructions(text, "Dockerfile")[1]
    found = copied.flag("from")

    assert [(one.name, one.value) for one in copied.flags] == [
        ("chown", "1:2"),
        ("from", "b:1"),
        ("link", ""),
    ]
    assert found is not None
    assert text[found.at :].startswith("b:1 --link")
    assert copied.text == "/x /y --z"
    assert copied.flag("platform") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM a\nFETCH b\n", "Dockerfile:2: FETCH is no instruction"),
        ("FROM a\nRUN <<E\nx\n", "Dockerfile:2: the here-document E does not end"),
        ("# escape=x\nFROM a", "Dockerfile:1: the escape character is \\ or `, not x"),
        ("a" * (MAX_CHARACTERS + 1), "Dockerfile:1: longer than"),
        ("\x1b[2J", "\\x1b[2J is no instruction"),
    ],
)
def test_what_is_no_dockerfile_is_refused_with_its_line(text: str, said: str) -> None:
    assert said in refusal(lambda: read_dockerfile(text, "Dockerfile"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["RUN", "run", "ENV", "LABEL", "COPY"]),
            st.text(st.sampled_from("ab =$'/.-:"), min_size=1)
            .map(str.strip)
            .filter(lambda text: bool(text) and not text.startswith("-")),
        ),
        min_size=1,
    ),
    st.sampled_from(["\n", "\r\n", " \\\n", "\n# remark\n", "\n\n"]),
)
def test_where_a_text_stands_is_told_for_every_character(
    said: list[tuple[str, str]], between: str
) -> None:
    """Whatever lies between instructions; a continued line makes one of all of them."""
    text = between.join(f"{name} {rest}" for name, rest in said)

    for one in read_instructions(text, "Dockerfile"):
        places = [one.place(index) for index in range(len(one.text))]
        assert "".join(text[place] for place in places) == one.text
        assert places == sorted(places)


@given(st.text(st.sampled_from("FROM RUN<<E\n\\`#\"'=- $\r"), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    said = refusal(lambda: read_dockerfile(text, "Dockerfile"))

    assert not said or said.startswith("Dockerfile:")


@pytest.mark.parametrize(
    "text",
    [
        'RUN <<E "' + '\\"' * 400_000 + "\nE",
        "RUN a \\\n" * 100_000,
        "RUN " + "'" * 900_000 + " <<",
        "RUN " + "--a=b " * 150_000,
    ],
    ids=["quotes", "continued", "single", "flags"],
)
def test_hostile_texts_are_read_in_little_time(text: str) -> None:
    began = time.monotonic()
    refusal(lambda: read_dockerfile(text, "Dockerfile"))

    assert time.monotonic() - began < 10
