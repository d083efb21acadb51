"""The fields of a Registry."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from webhook.core.document import Document
from webhook.core.image import ImageRef
from webhook.core.registries import MirrorSettings, Registries, Registry
from webhook.core.registry_fields import read_registry
from webhook.core.resource_fields import Fields
from webhook.errors import InvalidPolicyError


def pem(label: str = "CERTIFICATE", body: bytes = b"\x30\x03\x02\x01\x05") -> str:
    text = base64.b64encode(body).decode()
    return f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n"


def read(**spec: Any) -> Registry:
    data = {"host": "registry.example.com", **spec}
    return read_registry("prod", Fields(Document("", 0, {}), "", data))


def problem(**spec: Any) -> str:
    with pytest.raises(InvalidPolicyError) as raised:
        read(**spec)
    return str(raised.value)


def test_a_host_is_enough() -> None:
    assert read() == Registry(name="prod", host="registry.example.com")


def test_every_field_is_read() -> None:
    found = read(
        host="registry.example.com:5000/prod/eu",
        environment="production",
        promotesFrom="preprod",
        mirror="Mirror.example.com/cache",
        tokenRealm="Auth.example.com:8443",
        allowPrivateAddresses=True,
        tls={"caBundle": pem()},
        credentials={"dockerConfigFile": "/etc/docker.json"},
    )

    assert found == Registry(
        name="prod",
        host="registry.example.com:5000",
        path=("prod", "eu"),
        environment="production",
        promotes_from="preprod",
        mirror="mirror.example.com/cache",
        token_realm="auth.example.com:8443",
        allow_private_addresses=True,
        ca_bundle=pem(),
        docker_config_file="/etc/docker.json",
    )


def test_a_mirror_has_settings_of_its_own_or_those_of_its_registry() -> None:
    assert read(mirror="m.example").mirror_settings is None
    assert read(mirror="m.example", mirrorSettings={}).mirror_settings == MirrorSettings()
    own = {"allowPrivateAddresses": True, "tls": {"caBundle": pem()}}
    found = read(mirror="m.example", mirrorSettings=own)

    assert found.mirror_settings == MirrorSettings(allow_private_addresses=True, ca_bundle=pem())
    assert (found.allow_private_addresses, found.ca_bundle) == (False, "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tls": {"plainHTTP": True, "insecureSkipVerify": True}}, "there is no TLS"),
        ({"tls": {"caBundle": "x"}}, "mirrorSettings.tls.caBundle"),
        ({"host": "m.example"}, "mirrorSettings.host: unknown field"),
    ],
)
def test_a_mistake_in_the_settings_of_a_mirror_is_named(settings: Any, said: str) -> None:
    assert said in problem(mirror="m.example", mirrorSettings=settings)


def test_settings_of_a_mirror_need_a_mirror() -> None:
    said = problem(mirrorSettings={"allowPrivateAddresses": True})
    assert said.endswith("mirrorSettings: they say how to speak to a mirror: name it in mirror")


def test_dangerous_settings_are_off_until_they_are_written() -> None:
    found = read(tls={})

    assert (found.plain_http, found.insecure_skip_verify) == (False, False)
    assert read(tls={"plainHTTP": True}).plain_http
    assert read(tls={"insecureSkipVerify": True}).insecure_skip_verify


@pytest.mark.parametrize(
    ("written", "host", "path"),
    [
        ("registry.example.com", "registry.example.com", ()),
        ("Registry.Example.COM/prod", "registry.example.com", ("prod",)),
        ("registry.example.com:443/prod", "registry.example.com", ("prod",)),
        ("registry:5000", "registry:5000", ()),
        ("localhost", "localhost", ()),
        ("[::1]:5000/a/b", "[::1]:5000", ("a", "b")),
        ("docker.io", "docker.io", ()),
        ("index.docker.io/library", "docker.io", ("library",)),
        ("registry-1.docker.io/acme", "docker.io", ("acme",)),
        ("127.0.0.1:8080", "127.0.0.1:8080", ()),
    ],
)
def test_a_location_is_the_beginning_of_an_image_name(
    written: str, host: str, path: tuple[str, ...]
) -> None:
    found = read(host=written)

    assert (found.host, found.path) == (host, path)
    assert Registries([found]).of(ImageRef.parse(f"{written}/folder/web")) is found


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("https://registry.example.com", "leave out the scheme"),
        ("OCI://registry.example.com", "leave out the scheme"),
        ("*.example.com", "no wildcards"),
        ("registry.example.com/*", "no wildcards"),
        ("registry.example.com/", "leave out the slash at the end"),
        ("registry.example.com/prod/", "leave out the slash at the end"),
        ("registry.example.com//prod", "no host with a path in lower case"),
        ("registry.example.com/Prod", "no host with a path in lower case"),
        ("registry.example.com/../prod", "no host with a path in lower case"),
        ("registry.example.com./prod", "no host with a path in lower case"),
        ("registry.example.com/prod:1.0", "no host with a path in lower case"),
        ("registry.example.com/prod@sha256:00", "no host with a path in lower case"),
        ("user@registry.example.com", "no host with a path in lower case"),
        ("registry.example.com?x", "no host with a path in lower case"),
        ("registry.example.com\n", "no host with a path in lower case"),
        ("rеgistry.example.com", "no host with a path in lower case"),
        ("registry.example.com:port", "no host with a path in lower case"),
        ("registry.example.com:0", "0 is no port"),
        ("registry.example.com:65536/prod", "65536 is no port"),
        ("[::1]:70000", "70000 is no port"),
        ("acme/prod", "write docker.io/acme/prod"),
        ("registry", "write docker.io/registry"),
        ("", "it is empty"),
        ("a" * 300, "it is longer than 255 characters"),
    ],
)
def test_what_no_image_name_begins_with_is_an_error(written: str, message: str) -> None:
    assert message in problem(host=written)
    assert problem(host=written).startswith("host: ")


def test_the_host_is_required() -> None:
    with pytest.raises(InvalidPolicyError, match="host is missing"):
        read_registry("prod", Fields(Document("", 0, {}), "", {}))


@pytest.mark.parametrize("field", ["mirror", "tokenRealm"])
def test_other_hosts_are_checked_in_the_same_way(field: str) -> None:
    assert read(**{field: ""}) == read()
    assert problem(**{field: "no host"}).startswith(f"{field}: ")


def test_a_token_realm_is_a_host_alone() -> None:
    for realm in ("https://auth.example.com", "auth.example.com/token"):
        assert problem(tokenRealm=realm).startswith("tokenRealm: expected host[:port]")


@pytest.mark.parametrize(
    ("tls", "message"),
    [
        ({"caBundle": "certificate"}, "tls.caBundle: expected certificates as PEM"),
        ({"caBundle": pem("PRIVATE KEY")}, "tls.caBundle: it holds a private key"),
        ({"caBundle": pem() + pem("EC PRIVATE KEY")}, "tls.caBundle: it holds a private key"),
        ({"caBundle": pem("CERTIFICATE REQUEST")}, "tls.caBundle: a part of it is no PEM"),
        ({"caBundle": pem(body=b"")}, "tls.caBundle: a part of it is no PEM"),
        ({"caBundle": pem(body=b"text")}, "tls.caBundle: a part of it is no PEM"),
        ({"caBundle": pem().replace("M", "!")}, "tls.caBundle: a part of it is no PEM"),
        ({"caBundle": pem().replace("M", "é")}, "tls.caBundle: a part of it is no PEM"),
        ({"caBundle": pem()[:-10]}, "tls.caBundle: expected certificates as PEM"),
        ({"caBundle": pem() + pem()[:-10]}, "tls.caBundle: expected certificates as PEM"),
        ({"plainHTTP": True, "caBundle": pem()}, "tls: with plainHTTP there is no TLS"),
        ({"plainHTTP": True, "insecureSkipVerify": True}, "tls: with plainHTTP there is no TLS"),
        ({"insecureSkipVerify": True, "caBundle": pem()}, "tls: with insecureSkipVerify"),
        ({"plainHttp": True}, "tls.plainHttp: unknown field; did you mean plainHTTP?"),
    ],
)
def test_tls_settings_that_cannot_work_are_errors(tls: dict[str, Any], message: str) -> None:
    assert problem(tls=tls).startswith(message)


def test_a_bundle_may_hold_several_certificates_and_remarks() -> None:
    bundle = f"# ours\n{pem()}\n# theirs\n{pem()}"

    assert read(tls={"caBundle": bundle}).ca_bundle == bundle
    assert read(tls={"caBundle": " \n"}).ca_bundle == ""


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (
            {"dockerConfigFile": "/x", "secretName": "y"},
            "credentials: at most one of them: dockerConfigFile, secretName",
        ),
        ({"secretName": "y", "provider": "ecr"}, "credentials: at most one of them"),
        ({"secretName": "y"}, "credentials.secretName: only the operator"),
        ({"provider": "ecr"}, "credentials.provider: registry.example.com is no registry"),
        ({"provider": "aws"}, "credentials.provider: expected one of ecr, acr, gar; got"),
        ({"password": "x"}, "credentials.password: unknown field"),
    ],
)
def test_credentials_that_cannot_be_used_are_errors(
    credentials: dict[str, Any], message: str
) -> None:
    assert problem(credentials=credentials).startswith(message)


def test_empty_credentials_are_none() -> None:
    empty = {"dockerConfigFile": "", "secretName": "", "provider": ""}

    assert read(credentials=empty) == read()


def test_an_unknown_field_is_an_error() -> None:
    assert problem(enviroment="x") == "enviroment: unknown field; did you mean environment?"


@given(host=st.text(max_size=40) | st.from_regex(r"[a-z.:/\[\]@A-Z0-9*-]{1,30}", fullmatch=True))
def test_any_text_is_the_beginning_of_an_image_name_or_an_error(host: str) -> None:
    refused = refusal(lambda: read(host=host))

    assert refused.isprintable()
    if not refused:
        found = read(host=host)
        assert Registries([found]).of(ImageRef.parse(f"{host}/folder/image")) is found
