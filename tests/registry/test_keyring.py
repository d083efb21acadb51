import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.registry.keyring import Keyring, glob, key_of

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "keyring.json").read_text())


def ring(*places: str) -> Keyring[str]:
    return Keyring({key: place for place in places if (key := key_of(place))})


@pytest.mark.parametrize(
    ("pattern", "target", "match"),
    [(one["glob"], one["target"], one["match"]) for one in VECTORS["urls_match"]],
)
def test_hosts_match_as_the_kubelet_matches_them(pattern: str, target: str, *, match: bool) -> None:
    assert bool(Keyring({pattern: "x"}).lookup(target)) is match


@pytest.mark.parametrize(
    ("place", "image", "hit"),
    [(one["auths_key"], one["image"], one["hit"]) for one in VECTORS["lookup_hit"]],
)
def test_images_find_their_credentials(place: str, image: str, *, hit: bool) -> None:
    assert bool(ring(place).lookup(image)) is hit


@pytest.mark.parametrize(
    ("image", "credentials"),
    [(one["image"], one["creds"]) for one in VECTORS["ordered"]["cases"]],
)
def test_the_most_special_credential_comes_first(image: str, credentials: list[str]) -> None:
    entries = {key_of(place) or "": user for place, user in VECTORS["ordered"]["auths"].items()}

    assert Keyring(entries).lookup(image) == credentials


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("https://index.docker.io/v1/", "index.docker.io"),
        ("https://index.docker.io/v1", "index.docker.io/v1"),
        ("index.docker.io", "index.docker.io"),
        ("http://quay.io/v2/", "quay.io"),
        ("https://r.example/v2/team", "r.example/team"),
        ("r.example:5000/", "r.example:5000"),
        ("[::1]:5000", "[::1]:5000"),
        ("", None),
        ("https://", None),
        ("/path", None),
        ("user@r.example", None),
        ("r.example\n", None),
        ("ftp://r.example", None),
        ("x" * 2000, None),
    ],
)
def test_a_place_has_one_key(place: str, key: str | None) -> None:
    assert key_of(place) == key


@pytest.mark.parametrize(
    ("image", "hit"),
    [
        ("docker.io/library/nginx", True),
        ("index.docker.io/library/nginx", True),
        ("nginx", True),
        ("registry-1.docker.io/library/nginx", False),
        ("docker.io:443/library/nginx", False),
        ("docker.io.evil.example/library/nginx", False),
        ("ghcr.io/a/b", False),
        ("/a", False),
    ],
)
def test_docker_hub_has_a_key_of_its_own(image: str, *, hit: bool) -> None:
    assert bool(ring("https://index.docker.io/v1/").lookup(image)) is hit


@pytest.mark.parametrize(
    ("place", "image"),
    [
        ("https://index.docker.io/v1", "docker.io/library/nginx"),
        ("harbor.example.com:443", "harbor.example.com/a/b"),
        ("Harbor.example.com", "harbor.example.com/a/b"),
        ("*", "a.b/c"),
        ("*.io", "a.b.io/c"),
        ("r.example", "r.example.evil.io/c"),
        ("r.example/team", "r.example/other"),
        ("[ab.example", "a.example/c"),
    ],
)
def test_what_looks_alike_is_not_alike(place: str, image: str) -> None:
    assert not ring(place).lookup(image)


def test_an_ipv6_registry_finds_its_credentials() -> None:
    assert ring("[::1]:5000").lookup("[::1]:5000/a/b")
    assert not ring("[::1]:5000").lookup("[::2]:5000/a/b")
    assert not ring("[::1]:5000").lookup("[::1]:5001/a/b")


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        ("", "", True),
        ("a*c", "abbc", True),
        ("a*c", "abbd", False),
        ("*b*", "abc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[^a-c]x", "dx", True),
        ("[&&a]", "&", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("[\\]]", "]", True),
        ("[", "[", False),
        ("a\\", "a", False),
        ("a.c", "abc", False),
        ("*", "", True),
    ],
)
def test_patterns_fit_as_in_go(pattern: str, text: str, *, match: bool) -> None:
    assert glob(pattern, text) is match


def test_a_pattern_of_stars_takes_no_time() -> None:
    assert not glob("*a" * 100, "a" * 99 + "b")


@given(st.text(st.sampled_from("ab*?[]^-\\."), max_size=12), st.text(max_size=12))
def test_any_pattern_fits_or_does_not(pattern: str, text: str) -> None:
    assert glob(pattern, text) in {True, False}


@given(st.text(max_size=12))
def test_a_text_fits_itself(text: str) -> None:
    assert glob("".join(f"\\{char}" for char in text), text)
