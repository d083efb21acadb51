"""Google Artifact Registry: a token of the metadata server, or of a service account's key file.

Sources: Compute Engine, «About VM metadata»; Google Identity, «Using OAuth 2.0 for Server to Server
Applications» (RFC 7523); Artifact Registry, «Set up authentication for Docker».
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from webhook.core.facts import Reason
from webhook.errors import BadContentError, RegistryError, UnavailableError
from webhook.registry.cloud.asking import address, file_text, text
from webhook.registry.cloud.given import Given
from webhook.registry.credentials import Basic
from webhook.registry.documents import document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from webhook.registry.cloud.asking import Asking
    from webhook.registry.cloud.place import CloudPlace

USER = "oauth2accesstoken"
_METADATA = "169.254.169.254"
_TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"
_FLAVOR = ("metadata-flavor", "Google")
_READS = "https://www.googleapis.com/auth/devstorage.read_only"
"""Pulls, whatever else the account may do (Artifact Registry, «Deploy to Google Cloud»)."""
_WRITES = "https://www.googleapis.com/auth/cloud-platform"
"""The one scope with which Artifact Registry takes a push or a deletion; IAM says what the account
may do with it."""
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_JWT_SECONDS = 600
_MARGIN = 300.0


async def gar_login(asking: Asking, place: CloudPlace, now: datetime, *, writes: bool) -> Given:
    """An access token of ours.

    A key file signs for what is to be done, `writes` or not; what the metadata server gives has the
    access scopes of the machine.

    Raises:
        RegistryError: there is no identity, or Google refuses it.
    """
    file = place.google_application_credentials
    if file:
        reply = await _by_key(asking, file, now, _WRITES if writes else _READS)
    else:
        host = place.gce_metadata_host or _METADATA
        url = address(f"http://{host}{_TOKEN}", "GCE_METADATA_HOST")
        reply = await asking.json(url, "a token of the metadata server", headers=(_FLAVOR,))
    token = text(reply, "access_token", "the reply of Google")
    seconds = reply.get("expires_in")
    lasts = float(seconds) if type(seconds) is int and seconds > 0 else 0.0
    return Given(Basic(USER, token), max(lasts - _MARGIN, lasts / 2))


async def _by_key(asking: Asking, file: str, now: datetime, scope: str) -> Mapping[str, object]:
    what = "GOOGLE_APPLICATION_CREDENTIALS"
    shown = f"{what} (the key file of a service account)"
    try:
        key = document((await file_text(file, what)).encode(), shown)
        who, where = text(key, "client_email", shown), text(key, "token_uri", shown)
        private = key.get("private_key")
    except RegistryError as error:
        raise UnavailableError(Reason.UNAUTHORIZED, str(error)) from error
    url = address(where, f"token_uri in {what}")
    if url.origin.scheme != "https":
        raise BadContentError(Reason.BAD_CONTENT, f"token_uri in {what} is not over HTTPS")
    claims = {
        "iss": who,
        "scope": scope,
        "aud": where,
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + _JWT_SECONDS,
    }
    assertion = _jwt(claims, private, shown)
    form = {"grant_type": _GRANT, "assertion": assertion}
    return await asking.json(url, "a token of Google", method="POST", form=form)


def _jwt(claims: Mapping[str, object], private: object, what: str) -> str:
    """A JWT that the key signed (RFC 7515; RS256)."""
    try:
        key = serialization.load_pem_private_key(str(private).encode(), password=None)
    except (ValueError, TypeError) as error:
        raise UnavailableError(Reason.UNAUTHORIZED, f"{what} holds no private key") from error
    if not isinstance(key, RSAPrivateKey):
        raise UnavailableError(Reason.UNAUTHORIZED, f"{what} holds no RSA key")
    head = _part({"alg": "RS256", "typ": "JWT"})
    signing = f"{head}.{_part(claims)}"
    return f"{signing}.{_url64(key.sign(signing.encode(), PKCS1v15(), SHA256()))}"


def _part(value: object) -> str:
    return _url64(msgspec.json.encode(value))


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
