"""The other two who speak: the API server, which asks the webhook, and kubectl, which tells.

What each does with an answer follows k8s.io/apiserver, plugin/webhook (validating/dispatcher.go,
request/admissionreview.go, errors/statuserror.go) and k8s.io/kubectl, cmd/util/helpers.go.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

WEBHOOK = "validate.cocket.dev"
"""The name of the webhook in its configuration."""
_SECONDS = 5
_MAX_ANSWER = 3 * 1024 * 1024


class BadAnswerError(Exception):
    """An API server could not use this answer; `str()` says why."""


class _Status(msgspec.Struct):
    message: str = ""
    reason: str = ""


class _Response(msgspec.Struct, rename="camel"):
    uid: str
    allowed: bool
    status: _Status | None = None
    warnings: tuple[str, ...] = ()
    audit_annotations: dict[str, str] = {}


class _Review(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    response: _Response


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the webhook answered, as far as an API server listens to it."""

    allowed: bool
    message: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()
    annotations: Mapping[str, str] = {}
    """For the audit log."""

    @property
    def decision(self) -> str:
        """`allowed`, `warned` (and allowed) or `denied`."""
        if not self.allowed:
            return "denied"
        return "warned" if self.warnings else "allowed"


class ApiServer:
    """Asks a webhook, and believes it only behind a certificate of its CA."""

    def __init__(self, host: str, port: int, ca: str) -> None:
        """Speak to a webhook at this address.

        Args:
            host: a name or an address in the webhook's certificate.
            port: where it listens.
            ca: PEM, as in `clientConfig.caBundle`; no other CA is trusted.
        """
        self.host = host
        self.port = port
        self.ca = ca
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.load_verify_locations(cadata=ca)

    async def ask(self, review: bytes) -> Answer:
        """Send one AdmissionReview, and read the answer as strictly as the API server does.

        Raises:
            OSError: there is no connection, or no certificate to trust.
            BadAnswerError: the answer is none.
        """
        status, body = await asyncio.to_thread(self._post, review)
        if status != http.HTTPStatus.OK:
            raise BadAnswerError(f"HTTP status {status}")
        try:
            answered = msgspec.json.decode(body, type=_Review)
        except msgspec.DecodeError as error:
            raise BadAnswerError(f"no AdmissionReview: {error}") from error
        uid = msgspec.json.decode(review)["request"]["uid"]
        response = answered.response
        if (answered.api_version, answered.kind) != ("admission.k8s.io/v1", "AdmissionReview"):
            raise BadAnswerError(f"a {answered.kind} of {answered.api_version}")
        if response.uid != uid:
            raise BadAnswerError(f"it answers to {response.uid}, not to {uid}")
        refused = response.status or _Status()
        return Answer(
            allowed=response.allowed,
            message=refused.message,
            reason=refused.reason,
            warnings=response.warnings,
            annotations=response.audit_annotations,
        )

    def _post(self, review: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(
            self.host, self.port, context=self._tls, timeout=_SECONDS
        )
        try:
            connection.request(
                "POST",
                f"/validate?timeout={_SECONDS}s",
                review,
                {"Accept": "application/json", "Content-Type": "application/json"},
            )
            response = connection.getresponse()
            return response.status, response.read(_MAX_ANSWER)
        except http.client.HTTPException as error:
            raise BadAnswerError(f"no HTTP: {error!r}") from error
        finally:
            connection.close()


def kubectl_create(file: str, name: str, answer: Answer) -> list[str]:
    """What `kubectl create -f FILE` prints about a Pod, in its order; a line may have newlines.

    >>> kubectl_create("web.yaml", "web", Answer(allowed=True, warnings=("look out",)))
    ['Warning: look out', 'pod/web created']
    """
    lines = [f"Warning: {warning}" for warning in answer.warnings]
    if answer.allowed:
        return [*lines, f"pod/{name} created"]
    why = answer.message or answer.reason
    denied = f'admission webhook "{WEBHOOK}" denied the request'
    told = f"{denied}: {why}" if why else f"{denied} without explanation"
    reason = f" ({answer.reason})" if answer.reason else ""
    return [*lines, f'Error from server{reason}: error when creating "{file}": {told}']
