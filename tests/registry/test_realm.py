from typing import Any

import pytest

from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.errors import BadContentError
from webhook.registry.challenge import Challenge
from webhook.registry.reach import Reach, reach_of
from webhook.registry.realm import realm_of, reusable


def reach(host: str = "registry.example.com", **settings: Any) -> Reach:
    registry = Registry(name="r", host=host, **settings)
    return reach_of(ImageRef.parse(f"{host}/a/b"), registry)


def bearer(realm: str, **parameters: str) -> Challenge:
    return Challenge("bearer", (("realm", realm), *parameters.items()))


@pytest.mark.parametrize(
    ("host", "settings", "realm", "trusted"),
    [
        ("registry.example.com", {}, "https://registry.example.com/token", True),
        ("registry.example.com", {}, "https://registry.example.com:443/token", True),
        ("registry.example.com", {}, "https://registry.example.com:8443/token", False),
        ("registry.example.com", {}, "https://evil.example/token", False),
        ("registry.example.com", {}, "https://registry.example.com.evil.example/", False),
        ("registry.example.com", {}, "https://auth.docker.io/token", False),
        ("docker.io", {}, "https://auth.docker.io/token", True),
        ("docker.io", {}, "https://gitlab.com/jwt/auth", False),
        ("docker.io", {}, "https://auth.docker.io:8443/token", False),
        ("registry.gitlab.com", {}, "https://gitlab.com/jwt/auth", True),
        ("nvcr.io", {}, "https://authn.nvidia.com/token", True),
        (
            "registry.example.com",
            {"token_realm": "portus.example.com"},
            "https://portus.example.com/v2/token",
            True,
        ),
        (
            "registry.example.com",
            {"token_realm": "portus.example.com:8443"},
            "https://portus.example.com/v2/token",
            False,
        ),
        ("r.example:5000", {"plain_http": True}, "http://r.example:5000/token", True),
        ("r.example:5000", {"plain_http": True}, "https://r.example:5000/token", True),
        (
            "r.example:5000",
            {"plain_http": True, "token_realm": "t.example:3000"},
            "http://t.example:3000/v2/token",
            True,
        ),
        ("r.example:5000", {"plain_http": True}, "https://evil.example/token", False),
    ],
)
def test_credentials_go_to_the_registry_and_to_its_own_token_service(
    host: str, settings: dict[str, Any], realm: str, *, trusted: bool
) -> None:
    assert realm_of(bearer(realm), reach(host, **settings), "a/b").trusted is trusted


@pytest.mark.parametrize(
    ("realm", "settings"),
    [
        ("http://registry.example.com/token", {}),
        ("http://169.254.169.254/latest/meta-data", {}),
        ("http://portus.example.com:3000/v2/token", {"token_realm": "portus.example.com:3000"}),
        ("http://evil.example/token", {"plain_http": True}),
        ("https://user:password@registry.example.com/token", {}),
        ("https://registry.example.com/token#fragment", {}),
        ("https://registry.example.com\\@evil.example/", {}),
        ("file:///etc/passwd", {}),
        ("", {}),
        ("Registry Realm", {}),
    ],
)
def test_some_realms_are_never_asked(realm: str, settings: dict[str, Any]) -> None:
    with pytest.raises(BadContentError):
        realm_of(bearer(realm), reach(**settings), "a/b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service", "a\r\nHost: evil.example"),
        ("service", "x" * 1025),
        ("service", "é"),
        ("scope", "a\r\nHost: evil.example"),
        ("scope", "x" * 1025),
        ("scope", "é"),
        ("scope", "a b c d e f g h i"),
    ],
)
def test_service_and_scope_are_short_plain_text(name: str, value: str) -> None:
    with pytest.raises(BadContentError):
        realm_of(bearer("https://registry.example.com/t", **{name: value}), reach(), "a/b")


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ("", ("repository:a/b:pull",)),
        ("repository:a/b:pull", ("repository:a/b:pull",)),
        ("repository:a/b:pull,push,delete", ("repository:a/b:pull",)),
        ("repository:a/b:*", ("repository:a/b:pull",)),
        ("repository:key/a/b:pull", ("repository:key/a/b:pull",)),
        ("aws", ("aws",)),
        ("repository:a/b:pull repository:c/d:pull", ("repository:a/b:pull", "repository:c/d:pull")),
    ],
)
def test_nothing_but_pulling_is_asked_for(scope: str, asked: tuple[str, ...]) -> None:
    challenge = bearer("https://registry.example.com/t", scope=scope)

    assert realm_of(challenge, reach(), "a/b").scopes == asked


def test_the_query_is_built_anew_and_encoded() -> None:
    challenge = bearer("https://registry.example.com/t?x=1", service="a&b=c d")

    address = realm_of(challenge, reach(), "a/b").address("ro&bot")

    assert address.query == (
        "x=1&service=a%26b%3Dc+d&scope=repository%3Aa%2Fb%3Apull&account=ro%26bot"
    )


def test_a_challenge_is_used_again_only_where_it_would_be_the_same() -> None:
    realm = "https://registry.example.com/t"

    assert reusable(bearer(realm, scope="repository:a/b:pull"), "a/b") == bearer(realm)
    assert reusable(bearer(realm, scope="repository:x/a/b:pull"), "a/b") is None
    assert reusable(bearer(realm, scope="aws"), "a/b") == bearer(realm, scope="aws")
    assert reusable(bearer(realm), "a/b") == bearer(realm)


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ("registry:catalog:*", ("registry:catalog:*",)),
        ("repository:user/image:pull", ()),
        ("", ()),
    ],
)
def test_without_a_repository_only_the_catalog_is_asked_for(
    scope: str, asked: tuple[str, ...]
) -> None:
    challenge = Challenge("bearer", (("realm", "https://r.example/token"), ("scope", scope)))

    assert realm_of(challenge, reach(), "").scopes == asked
