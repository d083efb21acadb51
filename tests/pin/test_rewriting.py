"""The laws of pinning: once is enough, nothing else changes, and what was read says the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DIGEST, refusal
from tests.pin.pinning import found, pin
from webhook.manifests.files import parse_bytes
from webhook.pin.rewriting import find, pinned
from webhook.pin.spots import Found, Spot

NAMES = st.sampled_from(
    ["nginx", "nginx:1.25", "h:5000/a/b:v1", "a/b", f"x:1@{DIGEST}", f"y@{DIGEST}", "B:1", ""]
)
STYLES = st.sampled_from(
    ["{}", "'{}'", '"{}"', "!!str '{}'", "{}  # ü 😀", "'{}' # b", ">-\n      {}"]
)
REMARKS = st.sampled_from(["", "# image: no:1\n", "\n", "# ünï\n", "--- # new\n# x\n"])
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """Some Pods, as people write them and as they do not."""
    text = draw(st.sampled_from(["", "\ufeff"]))
    for number in range(draw(st.integers(1, 3))):
        text += "---\n" if number else ""
        text += draw(REMARKS).replace("--- # new\n", "")
        text += "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {image: 'no:1'}}\n"
        text += "spec:\n  containers:\n"
        for _ in range(draw(st.integers(1, 3))):
            written = draw(STYLES).format(draw(NAMES) or "''") if draw(st.booleans()) else None
            name = draw(NAMES)
            text += f"  - name: c\n    image: {written or name}\n"
            text += draw(st.sampled_from(["", "    # no:1\n", "    args: [nginx:1.25]\n"]))
    return text.replace("\n", draw(ENDS))


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    stages = draw(st.lists(NAMES.filter(bool), min_size=1, max_size=4))
    text = draw(st.sampled_from(["", "# syntax=x\n", "ARG B=nginx:1\nFROM $B\n"]))
    for name in stages:
        text += draw(
            st.sampled_from(["FROM {}\n", "FROM --platform=p {} AS s\n", "from \\\n {}\n"])
        ).format(name)
        text += draw(st.sampled_from(["", "RUN <<E\nFROM no:1\nE\n", f"COPY --from={name} a b\n"]))
    return text.replace("\n", draw(ENDS))


@given(manifests())
def test_pinning_a_manifest_keeps_the_laws(text: str) -> None:
    _laws(text, "web.yaml")


@given(dockerfiles())
def test_pinning_a_dockerfile_keeps_the_laws(text: str) -> None:
    _laws(text, "Dockerfile")


def _laws(text: str, file: str) -> None:
    said = refusal(lambda: find(text.encode(), file))
    if said:
        assert said.startswith(file)
        return
    once = pin(text, file)

    assert pin(once, file) == once
    names = found(text, file)
    # Everything outside of the spots, in order, is all that is left without the digests.
    rest = "".join(_outside(text.removeprefix("\ufeff"), names))
    assert (
        once.removeprefix("\ufeff").replace(f"@{DIGEST}", "")
        == text.removeprefix("\ufeff").replace(f"@{DIGEST}", "")
        or '"' in text
    )
    assert len(once) - len(text) <= len(names.spots) * len(f"@{DIGEST}")
    assert rest == "".join(_outside_of_pinned(once.removeprefix("\ufeff"), names))
    assert [one.image for one in names.spots] == [
        spot.image for spot in sorted(names.spots, key=lambda spot: spot.start)
    ]
    assert found(once, file).spots == []
    assert found(once, file).pinned == names.pinned + len(names.spots)


def _outside(text: str, names: Found) -> list[str]:
    at, parts = 0, []
    for spot in names.spots:
        parts.append(text[at : spot.start])
        at = spot.end
    return [*parts, text[at:]]


def _outside_of_pinned(text: str, names: Found) -> list[str]:
    at, moved, parts = 0, 0, []
    for spot in names.spots:
        parts.append(text[at : spot.start + moved])
        new = len(spot.before) + len(DIGEST) + len(spot.after)
        at = spot.start + moved + new
        moved += new - (spot.end - spot.start)
    return [*parts, text[at:]]


@given(manifests())
def test_what_is_read_afterwards_differs_by_images_only(text: str) -> None:
    once = pin(text)

    before = [one.data for one in parse_bytes(text.encode(), "web.yaml")]
    after = [one.data for one in parse_bytes(once.encode(), "web.yaml")]
    assert _without_digests(before) == _without_digests(after)


def _without_digests(data: object) -> object:
    match data:
        case dict():
            return {key: _without_digests(value) for key, value in data.items()}
        case list():
            return [_without_digests(one) for one in data]
        case str():
            return data.removesuffix(f"@{DIGEST}")
        case _:
            return data


def test_a_rewrite_that_would_say_something_else_is_refused() -> None:
    """No text is known for which this happens: a wrong spot stands for the mistake."""
    content = b"apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\n"
    wrong = Found(spots=[Spot(image="a", start=12, end=14, line=1, before="b@")])

    said = refusal(lambda: pinned(content, "web.yaml", wrong, {"a": DIGEST}))
    assert "would not say the same" in said
    dockerfile = Found(spots=[Spot(image="a", start=5, end=6, line=1, before="b@")])
    said = refusal(lambda: pinned(b"FROM a\n", "Dockerfile", dockerfile, {"a": DIGEST}))
    assert "would not say the same" in said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_other_encodings_are_refused_in_a_sentence(encoding: str) -> None:
    said = refusal(lambda: find("\ufeffä: b\n".encode(encoding, "replace"), "web.yaml"))

    assert "UTF-8" in said


def test_what_is_not_known_stays() -> None:
    content = b"FROM a\nFROM b\n"
    names = find(content, "Dockerfile")

    assert (
        pinned(content, "Dockerfile", names, {"b": DIGEST}) == f"FROM a\nFROM b@{DIGEST}\n".encode()
    )
