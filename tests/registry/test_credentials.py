import base64
import json
from pathlib import Path

import pytest

from webhook.errors import InvalidPolicyError
from webhook.registry.credentials import (
    Basic,
    Credential,
    IdentityToken,
    RegistryToken,
    load_keyring,
    read_keyring,
)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def read(auths: object, **more: object) -> bytes:
    return json.dumps({"auths": auths, **more}).encode()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": encoded("ada:sesame")}, Basic("ada", "sesame")),
        ({"auth": encoded("ada:ses:ame")}, Basic("ada", "ses:ame")),
        ({"auth": encoded("ada:sesam").rstrip("=")}, Basic("ada", "sesam")),
        ({"auth": encoded("ada:sesame\0\0")}, Basic("ada", "sesame")),
        ({"username": "ada", "password": "sesame"}, Basic("ada", "sesame")),
        (
            {"auth": encoded("ada:sesame"), "username": "eve", "password": "x"},
            Basic("ada", "sesame"),
        ),
        ({"auth": encoded("ada:sesame"), "identitytoken": "tok"}, IdentityToken("tok")),
        ({"registrytoken": "tok"}, RegistryToken("tok")),
        ({"username": "robot$prod+ci", "password": "ü"}, Basic("robot$prod+ci", "ü")),
    ],
)
def test_an_entry_is_read(entry: object, expected: Credential) -> None:
    assert read_keyring(read({"r.example": entry})).lookup("r.example/a/b") == [expected]


def test_a_secret_of_the_old_type_is_the_inner_map_alone() -> None:
    body = json.dumps({"r.example": {"auth": encoded("ada:sesame")}}).encode()

    assert read_keyring(body).lookup("r.example/a") == [Basic("ada", "sesame")]


def test_an_empty_entry_is_no_credential() -> None:
    assert not read_keyring(read({"r.example": {}, "s.example": {"auth": ""}}))


def test_helpers_are_ignored_beside_credentials_and_refused_alone() -> None:
    entry = {"r.example": {"auth": encoded("ada:sesame")}}

    assert len(read_keyring(read(entry, credsStore="desktop"))) == 1
    for helpers in ({"credsStore": "desktop"}, {"credHelpers": {"a": "ecr-login"}}):
        with pytest.raises(InvalidPolicyError, match="no programs are run"):
            read_keyring(json.dumps(helpers).encode())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "no Docker config file"),
        (b"[]", "no Docker config file"),
        (b'{"auths":{},"auths":{}}', "no Docker config file"),
        (read([]), "auths"),
        (read({"r.example": "x"}), r"auths\['r.example'\]"),
        (read({"r.example": {"auth": 1}}), r"auths\['r.example'\].auth"),
        (read({"r.example": {"auth": "sesame!"}}), r"auths\['r.example'\].auth"),
        (read({"r.example": {"auth": encoded("sesame")}}), r"auths\['r.example'\].auth"),
        (read({"r.example": {"auth": encoded(":sesame")}}), r"auths\['r.example'\].auth"),
        (read({"r.example": {"username": "a:b"}}), r"auths\['r.example'\].username"),
        (read({"r.example": {"registrytoken": "a\nb"}}), r"registrytoken"),
        (read({"r.example": {"identitytoken": "sesame x"}}), r"identitytoken"),
        (read({"user@r.example": {}}), r"auths\['user@r.example'\]"),
        (read({"r.example": {"auth": base64.b64encode(b"a:\xff").decode()}}), r"auth"),
    ],
)
def test_a_broken_file_is_refused_with_the_field_and_without_the_secret(
    body: bytes, field: str
) -> None:
    with pytest.raises(InvalidPolicyError, match=field) as refused:
        read_keyring(body)

    assert "sesame" not in str(refused.value)


def test_the_message_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.json"

    with pytest.raises(InvalidPolicyError, match=r"config\.json: cannot be read"):
        load_keyring(path)
    path.write_bytes(b"{")
    with pytest.raises(InvalidPolicyError, match=r"config\.json: no Docker config file"):
        load_keyring(path)
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(InvalidPolicyError, match="longer than"):
        load_keyring(path)
    path.write_bytes(read({"r.example": {"auth": encoded("ada:sesame")}}))
    assert len(load_keyring(path)) == 1


def test_nothing_shows_a_secret() -> None:
    shown = f"{Basic('ada', 'sesame')!r} {IdentityToken('sesame')!r} {RegistryToken('sesame')!r}"

    assert "sesame" not in shown
    assert "ada" in shown


def test_the_header_is_utf_8() -> None:
    assert Basic("ada", "ü").header() == "Basic YWRhOsO8"
