"""What an installed Cocket keeps in a cluster, as it stands now."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from tests.charts.rendering import NAMESPACE
from tests.e2e.replicas import OURS
from webhook.operator.stored import Stored, read_bundle, read_stored

if TYPE_CHECKING:
    from tests.e2e.control_plane import ControlPlane

HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
CONFIGURATION = f"{HOOKS}/cocket"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/cocket-tls"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
_MERGE = "application/merge-patch+json"


class View:
    """Reads as admin."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane

    def webhook(self) -> dict[str, Any]:
        """The one in the live configuration; empty where there is none."""
        found = self._read(CONFIGURATION).get("webhooks") or [{}]
        return dict(found[0])

    def bundle(self) -> tuple[bytes, ...]:
        """The CAs that the API server trusts."""
        text = self.webhook().get("clientConfig", {}).get("caBundle", "")
        return read_bundle(base64.b64decode(text))

    def data(self) -> dict[str, bytes]:
        """Of the Secret; empty where there is none."""
        data = self._read(SECRET).get("data") or {}
        return {key: base64.b64decode(value) for key, value in data.items()}

    def stored(self) -> Stored:
        """What can be used of the Secret."""
        return read_stored(self.data())

    def settled(self) -> bool:
        """One CA, trusted and served, and no rotation under way."""
        stored = self.stored()
        return (
            stored.serving is not None
            and stored.pending is None
            and stored.bundle == (stored.serving.ca,) == self.bundle()
        )

    def holder(self) -> str:
        """Who leads."""
        return str(self._read(f"{LEASES}/cocket-operator").get("spec", {}).get("holderIdentity"))

    def merge(self, path: str, body: object) -> None:
        """A merge patch as admin."""
        status, text = self.plane.ask("PATCH", path, body, content_type=_MERGE)
        assert status == 200, text

    def facts(self, digest: str) -> dict[str, Any]:
        """The object about a digest; empty where there is none."""
        return self._read(f"{OURS}/imagefacts/{digest.replace(':', '-')}")

    def _read(self, path: str) -> dict[str, Any]:
        status, text = self.plane.ask("GET", path)
        if status == 404:
            return {}
        assert status == 200, text
        found: dict[str, Any] = json.loads(text)
        return found
