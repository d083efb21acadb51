"""Many spellings of one repository, and no way out from under a prefix."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.source_url import SourceUrl, parse_source

WEB = "https://github.com/acme/web"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (WEB, WEB),
        ("https://github.com/acme/web.git", WEB),
        ("https://github.com/acme/web/", WEB),
        ("https://github.com/acme/web.git/", WEB),
        ("https://github.com//acme//web", WEB),
        ("HTTPS://GitHub.Com/acme/web", WEB),
        ("https://github.com:443/acme/web", WEB),
        ("https://github.com:0443/acme/web", WEB),
        ("https://user:secret@github.com/acme/web", WEB),
        ("https://a@b@github.com/acme/web", WEB),
        ("https://github.com/acme/web?token=secret", WEB),
        ("https://github.com/acme/web.git#main:folder", WEB),
        ("https://github.com/%61cme/web", WEB),
        ("git@github.com:acme/web.git", WEB),
        ("git@GitHub.com:/acme/web", WEB),
        ("git@github.com:acme/web.git#main", WEB),
        ("ssh://git@github.com/acme/web.git", WEB),
        ("ssh://git@github.com:22/acme/web", WEB),
        ("git+ssh://git@github.com/acme/web.git", WEB),
        ("git+https://github.com/acme/web.git", WEB),
        ("ssh://git@git.example.com:7999/acme/web.git", "https://git.example.com:7999/acme/web"),
        ("http://github.com:80/acme/web", "http://github.com/acme/web"),
        ("git+http://github.com/acme/web", "http://github.com/acme/web"),
        ("git://github.com/acme/web.git", "git://github.com/acme/web"),
        ("https://github.com/Acme/Web", "https://github.com/Acme/Web"),
        ("https://github.com/acme/web/tree/main", "https://github.com/acme/web/tree/main"),
        ("https://dev.azure.com/a%20b/_git/c", "https://dev.azure.com/a%20b/_git/c"),
        ("https://example.com/%c3%a9", "https://example.com/%C3%A9"),
        ("https://example.com/.git", "https://example.com/.git"),
        ("https://github.com@evil.example/acme/web", "https://evil.example/acme/web"),
        ("https://[2001:db8::1]:8443/acme", "https://[2001:db8::1]:8443/acme"),
        ("https://example.com", "https://example.com"),
        ("https://example.com?x", "https://example.com"),
    ],
)
def test_a_repository_has_one_normal_form(text: str, normal: str) -> None:
    url = parse_source(text)

    assert normal == str(url)
    assert url == parse_source(normal)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "github.com/acme/web",
        "acme/web",
        "https://",
        "https:///acme/web",
        "https:github.com/acme/web",
        "https://user@/acme/web",
        "https://-github.com/acme",
        "https://github..com/acme",
        "https://github.com./acme",
        "https://github.com:/acme",
        "https://github.com:port/acme",
        "https://github.com:65536/acme",
        "https://github.com:123456/acme",
        "ssh://git@github.com:acme/web.git",
        "javascript://github.com/%0aalert(1)",
        "file://github.com/acme/web",
        "ftp://github.com/acme/web",
        "user:secret@github.com:acme/web",
        "https://github.com/acme/../evil/web",
        "https://github.com/acme/./web",
        "https://github.com/acme/%2e%2e/evil",
        "https://github.com/acme/.%2E/evil",
        "https://github.com/acme%2fweb",
        "https://github.com/acme%2F..%2Fevil",
        "https://github.com/acme%5cweb",
        "https://github.com/acme/%252e%252e/evil",
        "https://github.com/acme/%00",
        "https://github.com/acme/%7f",
        "https://github.com/acme/%",
        "https://github.com/acme/%2",
        "https://github.com/acme/%zz",
        "git@github.com:acme/../evil",
        "https://evil.example\\@github.com/acme",
        "https://github.com/acme web",
        "https://github.com/acme/web\n",
        "\thttps://github.com/acme/web",
        "https://github.com/<acme>",
        "https://gıthub.com/acme",
        "https://github.com/" + "a" * 2048,
    ],
)
def test_what_is_no_url_of_a_repository_is_not_read(text: str) -> None:
    assert parse_source(text) is None


def _url(text: str) -> SourceUrl:
    url = parse_source(text)
    assert url is not None
    return url


@pytest.mark.parametrize(
    ("text", "prefix", "lies_under"),
    [
        (WEB, "https://github.com/acme/", True),
        (WEB, "https://github.com/acme", True),
        (WEB, "https://github.com", True),
        (WEB, WEB, True),
        (WEB, WEB + ".git", True),
        ("git@github.com:acme/web.git", "https://github.com/acme/", True),
        (WEB, "git@github.com:acme", True),
        ("https://github.com/acme-evil/web", "https://github.com/acme", False),
        ("https://github.com/acm", "https://github.com/acme", False),
        ("https://github.com/ACME/web", "https://github.com/acme", False),
        ("https://github.com/evil/acme/web", "https://github.com/acme", False),
        ("https://github.com", "https://github.com/acme", False),
        ("http://github.com/acme/web", "https://github.com/acme", False),
        ("git://github.com/acme/web", "https://github.com/acme", False),
        ("https://github.com:8443/acme/web", "https://github.com/acme", False),
        ("https://github.com.evil.example/acme/web", "https://github.com/acme", False),
        ("https://github.com@evil.example/acme/web", "https://github.com/acme", False),
        ("https://evil.example/github.com/acme/web", "https://github.com/acme", False),
        ("https://evil.example/#https://github.com/acme/web", "https://github.com/acme", False),
    ],
)
def test_whole_segments_of_the_same_scheme_and_host_lie_under_a_prefix(
    text: str, prefix: str, *, lies_under: bool
) -> None:
    assert lies_under is _url(text).lies_under(_url(prefix))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (WEB, "git://github.com/acme/web.git", True),
        (WEB, "http://github.com/acme/web", True),
        (WEB, "https://github.com/acme/web2", False),
        (WEB, "https://gitlab.com/acme/web", False),
    ],
)
def test_a_repository_is_the_same_however_it_is_fetched(
    one: str, other: str, *, same: bool
) -> None:
    assert same is _url(one).same_place(_url(other))


_characters = "abAB.:/@%2eF?#[]\\ ~-_é"


@given(st.text(_characters, max_size=40), st.sampled_from(["https://", "git@", "ssh://", ""]))
def test_the_normal_form_is_read_as_itself_and_never_leaves_its_place(
    text: str, start: str
) -> None:
    url = parse_source(start + text)

    assert url is None or url == parse_source(str(url))
    assert url is None or not {".", "..", ""} & set(url.path)


@given(st.text(_characters, max_size=40))
def test_nothing_after_an_allowed_prefix_leads_out_of_it(text: str) -> None:
    url = parse_source(f"https://github.com/acme/{text}")

    assert url is None or url.lies_under(_url("https://github.com/acme"))


@pytest.mark.parametrize(
    "piece", ["a", "a-", "a.", "%", "%2", "%61", "/", "@", ":", "[", "a@a:", "."]
)
@pytest.mark.parametrize("start", ["", "https://", "git@"])
def test_no_text_takes_long_to_read(piece: str, start: str) -> None:
    begun = time.perf_counter()

    parse_source((start + piece * 2048)[:2048])
    parse_source((start + piece * 2048)[:2047] + "!")

    assert time.perf_counter() - begun < 0.2
