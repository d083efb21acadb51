import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.errors import BadContentError
from webhook.registry.url import Origin, Url, follow, parse_origin, parse_url, registry_origin

BASE = Url(Origin("https", "registry.example.com", 443), "/v2/a/b/blobs/sha256:x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example/token", Url(Origin("https", "a.example", 443), "/token")),
        ("HTTPS://A.Example", Url(Origin("https", "a.example", 443), "/")),
        (
            "http://a.example:5000/t?x=1&y=%20",
            Url(Origin("http", "a.example", 5000), "/t", "x=1&y=%20"),
        ),
        ("https://[2001:db8::1]:5000/", Url(Origin("https", "2001:db8::1", 5000), "/")),
        ("https://10.0.0.1?x", Url(Origin("https", "10.0.0.1", 443), "/", "x")),
        ("https://xn--bcher-kva.example/", Url(Origin("https", "xn--bcher-kva.example", 443), "/")),
    ],
)
def test_an_address_is_taken_apart(text: str, expected: Url) -> None:
    assert parse_url(text, "it") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/token",
        "//a.example/token",
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://",
        "https:///token",
        "https://good.example@evil.example/",
        "https://user:password@a.example/",
        "https://a.example/#x",
        "https://a.example\\@evil.example/",
        "https://a.example\t/",
        "https://a.example/ x",
        "https://a.example/x\n",
        "https://ａ.example/",
        "https://169。254。169。254/",
        "https://a..example/",
        "https://a.example./",
        "https://-a.example/",
        "https://a_b.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:x/",
        "https://a.example:/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://1.2.3.4.5/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]x/",
        "https://[::1/",
        "https://[1.2.3.4]/",
        "https://a.example/<x>",
        "https://a.example/" + "x" * 8192,
    ],
)
def test_what_clients_read_differently_is_refused(text: str) -> None:
    with pytest.raises(BadContentError):
        parse_url(text, "it")


def test_a_message_shows_no_user_and_no_query() -> None:
    with pytest.raises(BadContentError) as refused:
        parse_url("https://user:sesame@a.example/?secret", "the realm")

    assert "sesame" not in str(refused.value)
    shown = parse_url("https://a.example/x?signature=sesame", "it")
    assert "sesame" not in f"{shown} {shown!r}"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://b.example/x?s=1#top", "https://b.example/x"),
        ("/x", "https://registry.example.com/x"),
        ("//b.example/x", "https://b.example/x"),
        ("../y", "https://registry.example.com/v2/a/b/y"),
    ],
)
def test_a_location_may_be_relative(location: str, expected: str) -> None:
    assert str(follow(BASE, location)) == expected


@pytest.mark.parametrize(
    "location", ["gopher://b.example/", "https://a@b.example/", "https://[x", "ｘ"]
)
def test_a_location_that_leads_nowhere_is_refused(location: str) -> None:
    with pytest.raises(BadContentError):
        follow(BASE, location)


@pytest.mark.parametrize(
    ("registry", "plain_http", "expected"),
    [
        ("docker.io", False, "https://registry-1.docker.io"),
        ("index.docker.io:443", False, "https://registry-1.docker.io"),
        ("Registry.Example.com", False, "https://registry.example.com"),
        ("registry.example.com:443", False, "https://registry.example.com"),
        ("localhost:5000", True, "http://localhost:5000"),
        ("[::1]:5000", True, "http://[::1]:5000"),
        ("registry", True, "http://registry"),
    ],
)
def test_a_registry_answers_where_its_name_says(
    registry: str, expected: str, *, plain_http: bool
) -> None:
    assert str(registry_origin(registry, plain_http=plain_http)) == expected


@pytest.mark.parametrize("registry", ["2130706433:443", "0x7f.1", "127.1", "[::::]", "a" * 64])
def test_a_name_in_the_grammar_of_images_may_still_be_no_host(registry: str) -> None:
    assert registry_origin(registry, plain_http=False) is None


@given(st.text(max_size=40))
def test_any_text_is_an_origin_or_none(text: str) -> None:
    origin = parse_origin("https", text)

    assert origin is None or parse_origin("https", origin.authority) == origin


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = parse_url(f"https://{text}", "it")
    except BadContentError:
        return
    assert "@" not in found.origin.authority
