"""What a Dockerfile builds on, and what its image will say."""

from __future__ import annotations

import pytest

from tests.builders import refusal
from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.stages import Build, read_build


def build(text: str) -> Build:
    return read_build(read_dockerfile(text, "Dockerfile"), "Dockerfile")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("FROM a:1", [("a:1", "FROM", "0")], id="one"),
        pytest.param("FROM --platform=$BUILDPLATFORM a AS b", [("a", "FROM", "b")], id="platform"),
        pytest.param("FROM scratch", [], id="scratch"),
        pytest.param("FROM a AS b\nFROM b", [("a", "FROM", "b")], id="a stage"),
        pytest.param("FROM a AS Web\nFROM wEB", [("a", "FROM", "web")], id="names have no case"),
        pytest.param(
            "FROM web\nFROM a AS web",
            [("web", "FROM", "0"), ("a", "FROM", "web")],
            id="a later one",
        ),
        pytest.param("ARG V=1\nFROM a:$V", [("a:1", "FROM", "0")], id="ARG"),
        pytest.param("ARG B\nFROM $B", [("${B}", "FROM", "0")], id="ARG without default"),
        pytest.param("FROM a:${V:-2}", [("a:2", "FROM", "0")], id="default in its place"),
        pytest.param("FROM a:$TARGETARCH", [("a:${TARGETARCH}", "FROM", "0")], id="platform ARG"),
        pytest.param(
            "FROM scratch\nCOPY --from=b:2 x y", [("b:2", "COPY --from", "0")], id="COPY an image"
        ),
        pytest.param(
            "FROM scratch AS s\nFROM s\nCOPY --from=S x y\nCOPY --from=0 x y\nCOPY x y",
            [],
            id="COPY a stage",
        ),
        pytest.param(
            "FROM scratch\nRUN --mount=type=bind,from=c:3,target=/x --network=none true",
            [("c:3", "RUN --mount", "0")],
            id="mount",
        ),
    ],
)
def test_every_image_that_is_named_is_found(text: str, named: list[tuple[str, str, str]]) -> None:
    found = build(text).bases

    assert [(one.image.text, one.keyword, one.stage) for one in found] == named
    for one in found:
        assert text[one.place :].startswith(one.written)


@pytest.mark.parametrize(
    ("text", "entrypoint", "cmd"),
    [
        ('FROM a\nENTRYPOINT ["x"]\nCMD ["y"]', ("x",), ("y",)),
        ("FROM a\nCMD y z", None, ("/bin/sh", "-c", "y z")),
        ('FROM a\nSHELL ["bash", "-c"]\nCMD y', None, ("bash", "-c", "y")),
        ("FROM a\nCMD ['y']", None, ("/bin/sh", "-c", "['y']")),
        ("FROM a", None, None),
        ('FROM a\nCMD ["y"]\nENTRYPOINT ["x"]', ("x",), ("y",)),
        ('FROM a\nENTRYPOINT ["x"]', ("x",), ()),
        ('FROM a AS b\nCMD ["y"]\nFROM b\nENTRYPOINT ["x"]', ("x",), ()),
        ('FROM a AS b\nENTRYPOINT ["x"]\nFROM b\nCMD ["y"]', ("x",), ("y",)),
        ('FROM a\nENTRYPOINT ["x"]\nENTRYPOINT []', (), ()),
    ],
)
def test_the_last_stage_says_what_starts(
    text: str, entrypoint: tuple[str, ...] | None, cmd: tuple[str, ...] | None
) -> None:
    says = build(text).final.says

    assert (says.entrypoint, says.cmd) == (entrypoint, cmd)


@pytest.mark.parametrize(
    ("text", "value", "missing"),
    [
        ("FROM a\nLABEL l=x", "x", ()),
        ("FROM a\nLABEL l x y", "x y", ()),
        ("FROM a\nARG v=1\nLABEL k=w l=$v", "1", ()),
        ("FROM a\nARG v\nLABEL l=$v", "${v}", ("v",)),
        ("ARG v=1\nFROM a\nLABEL l=$v", "", ()),
        ("ARG v=1\nFROM a\nARG v\nLABEL l=$v", "1", ()),
        ("ARG v\nFROM a\nARG v=2\nLABEL l=$v", "2", ()),
        ("FROM a\nENV v=1 w=$v\nLABEL l=$v-$w", "1-", ()),
        ("FROM a AS b\nARG v=1\nLABEL l=old\nFROM b\nLABEL l=$v", "1", ()),
        ("FROM a\nARG v\nENV v=${v:-d}\nLABEL l=$v", "d", ()),
        ('FROM a\nENV k=l\nLABEL "$k"="a \\\n b"', "a  b", ()),
    ],
)
def test_labels_have_the_values_that_a_build_without_arguments_gives(
    text: str, value: str, missing: tuple[str, ...]
) -> None:
    found = build(text).final.says.labels["l"]

    assert (found.text, tuple(found.missing)) == (value, missing)


def test_literal_defaults_are_known_by_place() -> None:
    text = "ARG A=x:1 B\nARG C=$A D='q'\nFROM $A"
    found = build(text).defaults

    assert {name: (raw, text[at : at + 3]) for name, (raw, at) in found.items()} == {
        "A": ("x:1", "x:1")
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Dockerfile:1: there is no FROM"),
        ("ARG a\n", "there is no FROM"),
        ("RUN a\nFROM b", "Dockerfile:1: RUN stands before the first FROM"),
        ("FROM a b", "Dockerfile:1: FROM is written as FROM IMAGE"),
        ("FROM", "FROM is written as"),
    ],
)
def test_what_builds_nothing_is_refused(text: str, said: str) -> None:
    assert said in refusal(lambda: build(text))
