"""Keys, certificates and kubeconfigs of the control plane, made anew for every run."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certificates import self_signed

ADMIN = "admin"
TENANT = "tenant"
"""A user of the static tokens who may do nothing until a RoleBinding says so."""

# Everything that a ServiceAccount asks, for the comparison with its RBAC; and what anybody writes
# that our webhook annotates. A watch is logged when it begins.
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
        {
            "level": "Metadata",
            "verbs": ["create", "update", "patch"],
            "resources": [
                {"group": "", "resources": ["pods", "pods/ephemeralcontainers"]},
                {"group": "apps"},
                {"group": "batch"},
            ],
        },
        {"level": "None"},
    ],
}


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The files that API server and controller manager are started with."""

    folder: Path
    certificate: Path
    """Of the API server, for localhost and 127.0.0.1; its own CA."""
    key: Path
    account_key: Path
    """Signs and proves the tokens of ServiceAccounts."""
    token_file: Path
    audit_policy: Path
    tokens: dict[str, str]
    """Of the static users."""

    @classmethod
    def make(cls, folder: Path) -> Credentials:
        """Write all of them into the folder, which must be there."""
        certificate, key = self_signed(days=30).write(folder, "apiserver")
        account_key = folder / "accounts.key"
        account_key.write_bytes(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            )
        )
        tokens = {user: secrets.token_hex(16) for user in (ADMIN, TENANT)}
        token_file = folder / "tokens.csv"
        token_file.write_text(
            f'{tokens[ADMIN]},{ADMIN},{ADMIN},"system:masters"\n{tokens[TENANT]},{TENANT},{TENANT}\n',
            encoding="utf-8",
        )
        audit_policy = folder / "audit-policy.json"
        audit_policy.write_text(json.dumps(_AUDIT_POLICY), encoding="utf-8")
        return cls(
            folder=folder,
            certificate=certificate,
            key=key,
            account_key=account_key,
            token_file=token_file,
            audit_policy=audit_policy,
            tokens=tokens,
        )

    def kubeconfig(self, server: str, user: str, token: str, namespace: str = "default") -> Path:
        """Write a kubeconfig for the token, readable by us only; its path."""
        ca = base64.b64encode(self.certificate.read_bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "e2e", "cluster": {"server": server, "certificate-authority-data": ca}}
            ],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [
                {"name": "e2e", "context": {"cluster": "e2e", "user": user, "namespace": namespace}}
            ],
            "current-context": "e2e",
        }
        path = self.folder / f"{user.replace(':', '-')}.kubeconfig"
        # Under another name first: a kubectl in another thread may be reading it.
        with NamedTemporaryFile("w", dir=self.folder, delete=False) as file:  # is 0600
            json.dump(config, file)
        return Path(file.name).replace(path)
