"""The fields of a `Registry`: where it is, what it is for, how to speak to it."""

from __future__ import annotations

import base64
import binascii
import re
from enum import StrEnum

from webhook.core.cloud_hosts import PATTERNS, belongs
from webhook.core.image import ImageRef, normal_host
from webhook.core.registries import MirrorSettings, Registry
from webhook.core.resource_fields import FieldError, Fields, is_name
from webhook.errors import InvalidImageError

_MAX_LOCATION = 255
_MAX_PORT = 65535
_MAX_PEM = 1024 * 1024
"""Characters; the bundle of a whole operating system has a fifth of that."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----", re.ASCII)
_DER_SEQUENCE = b"\x30"
_FORM = "write host[:port][/path], such as registry.example.com/prod"


class Provider(StrEnum):
    """Clouds whose own logins open their registries."""

    NONE = ""
    ECR = "ecr"
    ACR = "acr"
    GAR = "gar"


def read_registry(name: str, spec: Fields, *, in_cluster: bool = False) -> Registry:
    """The registry that a document's `spec` describes.

    Args:
        name: of the Registry.
        spec: its fields.
        in_cluster: whether there is an operator who can read Secrets.

    Raises:
        InvalidPolicyError: a field is wrong; names it, and what to write instead.
    """
    host, path = _location(spec, "host")
    reached = _reached(spec)
    docker_config_file, secret_name, provider = _credentials(
        spec.section("credentials"), host, in_cluster=in_cluster
    )
    registry = Registry(
        name=name,
        host=host,
        path=path,
        environment=spec.text("environment", ""),
        promotes_from=spec.text("promotesFrom", ""),
        mirror=_mirror(spec),
        mirror_settings=_mirror_settings(spec),
        token_realm=_token_realm(spec),
        allow_private_addresses=reached.allow_private_addresses,
        plain_http=reached.plain_http,
        ca_bundle=reached.ca_bundle,
        insecure_skip_verify=reached.insecure_skip_verify,
        docker_config_file=docker_config_file,
        secret_name=secret_name,
        provider=provider,
    )
    spec.end()
    return registry


def broken_registry(name: str, spec: Fields) -> Registry | None:
    """What is left of a registry that cannot be used: its place, or nothing."""
    try:
        host, path = _location(spec, "host")
    except FieldError:
        return None
    return Registry(name=name, host=host, path=path, broken=True)


def _location(spec: Fields, name: str) -> tuple[str, tuple[str, ...]]:
    """Host in normal form and path segments: the beginning of an image's name, by its grammar."""
    text = spec.text(name, limit=_MAX_LOCATION)
    if _SCHEME.match(text):
        raise spec.error(f"leave out the scheme: {_FORM}", name)
    if "*" in text:
        raise spec.error(f"no wildcards, a path covers all that lies below it: {_FORM}", name)
    if text.endswith("/"):
        raise spec.error(f"leave out the slash at the end: {_FORM}", name)
    host, slash, _ = text.partition("/")
    try:
        ref = ImageRef.parse(f"{text}/image" if slash else f"{text}/folder/image")
    except InvalidImageError as error:
        raise spec.error(f"it is no host with a path in lower case: {_FORM}", name) from error
    if ref.host != normal_host(host):
        raise spec.error(
            f"to a runtime {host} is no host but a folder on Docker Hub: write docker.io/{text}, "
            "or a host with a dot or a port",
            name,
        )
    _, _, port = host.rpartition("]")[2].partition(":")
    if port and not 0 < int(port) <= _MAX_PORT:
        raise spec.error(f"{port} is no port", name)
    return ref.host, tuple(ref.repository.split("/")[:-1]) if slash else ()


def _mirror(spec: Fields) -> str:
    if not spec.text("mirror", ""):
        return ""
    host, path = _location(spec, "mirror")
    return "/".join((host, *path))


def _mirror_settings(spec: Fields) -> MirrorSettings | None:
    if not spec.has("mirrorSettings"):
        return None
    settings = spec.section("mirrorSettings")
    reached = _reached(settings)
    settings.end()
    if not spec.text("mirror", ""):
        raise spec.error("they say how to speak to a mirror: name it in mirror", "mirrorSettings")
    return reached


def _reached(spec: Fields) -> MirrorSettings:
    """How to speak to a host: the same fields for a registry and for its mirror."""
    tls = spec.section("tls")
    plain_http = tls.flag("plainHTTP", default=False)
    insecure = tls.flag("insecureSkipVerify", default=False)
    ca_bundle = _certificates(tls)
    tls.end()
    if plain_http and (insecure or ca_bundle):
        raise spec.error("with plainHTTP there is no TLS for the other settings", "tls")
    if insecure and ca_bundle:
        raise spec.error("with insecureSkipVerify the caBundle would verify nothing", "tls")
    return MirrorSettings(
        allow_private_addresses=spec.flag("allowPrivateAddresses", default=False),
        plain_http=plain_http,
        ca_bundle=ca_bundle,
        insecure_skip_verify=insecure,
    )


def _token_realm(spec: Fields) -> str:
    text = spec.text("tokenRealm", "")
    if not text:
        return ""
    if "/" in text:
        raise spec.error("expected host[:port], without scheme and path", "tokenRealm")
    _location(spec, "tokenRealm")
    return text.lower()


def _certificates(tls: Fields) -> str:
    """The CA bundle: PEM certificates, and nothing secret beside them."""
    text = tls.text("caBundle", "", limit=_MAX_PEM)
    if not text.strip():
        return ""
    blocks = _PEM.findall(text)
    if any("PRIVATE" in label for label, _ in blocks):
        raise tls.error("it holds a private key, which belongs into no policy", "caBundle")
    if not blocks or len(blocks) != text.count("-----BEGIN"):
        raise tls.error("expected certificates as PEM (-----BEGIN CERTIFICATE-----)", "caBundle")
    for label, body in blocks:
        if label != "CERTIFICATE" or not _is_der(body):
            raise tls.error("a part of it is no PEM certificate", "caBundle")
    return text


def _is_der(body: str) -> bool:
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return der[:1] == _DER_SEQUENCE


def _credentials(credentials: Fields, host: str, *, in_cluster: bool) -> tuple[str, str, Provider]:
    """The file, the Secret and the provider, of which at most one is named."""
    file = credentials.text("dockerConfigFile", "")
    secret = credentials.text("secretName", "")
    provider = credentials.word("provider", Provider.NONE)
    credentials.end()
    given = [
        name
        for name, value in (
            ("dockerConfigFile", file),
            ("secretName", secret),
            ("provider", provider),
        )
        if value
    ]
    if len(given) > 1:
        raise credentials.error(f"at most one of them: {', '.join(given)}")
    if not in_cluster and secret:
        raise credentials.error(
            "only the operator, in a cluster, can use it; here write dockerConfigFile", given[0]
        )
    if provider and not belongs(provider, host):
        raise credentials.error(
            f"{host} is no registry of this provider, whose logins go to {PATTERNS[provider]} only",
            given[0],
        )
    if secret and not is_name(secret):
        raise credentials.error("this is no name of a Secret", "secretName")
    return file, secret, provider
