"""The custom resources' definitions, and a specimen of each that people write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jsonschema
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Strict(yaml.SafeLoader):
    """Of two keys of one name the API server may take another one than we."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        names = [key.value for key, _ in node.value]
        assert len(names) == len(set(names)), f"{node.start_mark}: a key twice: {sorted(names)}"
        return super().construct_mapping(node, deep)


ROOT = Path(__file__).parents[1]
CRDS = {
    crd["spec"]["names"]["kind"]: crd
    for crd in (
        yaml.load(path.read_text(encoding="utf-8"), _Strict)  # noqa: S506 - a safe loader
        for path in sorted((ROOT / "charts" / "cocket" / "files" / "crds").glob("*.yaml"))
    )
}
READ = ["Registry", "ClusterImagePolicy", "ImagePolicy", "ImageException"]
PUBLIC_KEY = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
POLICY = {
    "mode": "enforce",
    "onUnknown": "deny",
    "templates": "warn",
    "rules": {
        "digest": {"mode": "warn"},
        "registry": {"mode": "warn", "environments": ["production"]},
        "promotion": {"mode": "warn", "accept": ["evidence"], "keys": [PUBLIC_KEY]},
        "provenance": {
            "mode": "warn",
            "require": ["revision"],
            "schemas": ["oci"],
            "sources": ["https://github.com/acme/"],
            "agreement": "require",
            "keys": [PUBLIC_KEY],
        },
        "init": {
            "mode": "warn",
            "inits": ["my-init"],
            "acceptSharedProcessNamespace": True,
            "servers": "warn",
            "scripts": "warn",
            "supervisors": "accept",
        },
        "stop": {
            "mode": "warn",
            "ungraceful": "warn",
            "unseen": "warn",
            "minGraceSeconds": 1,
        },
    },
}
SPECS: dict[str, dict[str, Any]] = {
    "Registry": {
        "host": "registry.example.com/prod",
        "environment": "production",
        "promotesFrom": "preprod",
        "mirror": "mirror.example.com",
        "mirrorSettings": {
            "allowPrivateAddresses": True,
            "tls": {"caBundle": "", "insecureSkipVerify": False, "plainHTTP": False},
        },
        "tokenRealm": "auth.example.com",
        "allowPrivateAddresses": True,
        "credentials": {"secretName": "pull", "dockerConfigFile": "", "provider": ""},
        "tls": {"caBundle": "", "insecureSkipVerify": False, "plainHTTP": False},
    },
    "ClusterImagePolicy": POLICY
    | {
        "namespaceSelector": {
            "matchLabels": {"env": "prod"},
            "matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}],
        },
    },
    "ImagePolicy": POLICY,
    "ImageException": {
        "rules": ["digest"],
        "namespaces": ["shop"],
        "image": "registry.example.com/prod/web",
        "workload": {"kind": "Pod", "name": "web", "namespace": "shop"},
        "reason": "soon",
        "requestedBy": "Jo",
        "expires": "2026-12-01T00:00:00Z",
    },
}
"""Every field once; a test says so."""


def version(kind: str) -> dict[str, Any]:
    (only,) = CRDS[kind]["spec"]["versions"]
    return cast("dict[str, Any]", only)


def schema(kind: str) -> dict[str, Any]:
    return cast("dict[str, Any]", version(kind)["schema"]["openAPIV3Schema"])


def resource(kind: str, spec: object) -> dict[str, Any]:
    namespaced = CRDS[kind]["spec"]["scope"] == "Namespaced"
    metadata = {"name": "main"} | ({"namespace": "security"} if namespaced else {})
    return {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": kind,
        "metadata": metadata | {"creationTimestamp": "2026-11-20T00:00:00Z"},
        "spec": spec,
    }


def valid(kind: str, spec: object) -> bool:
    return jsonschema.Draft202012Validator(schema(kind)).is_valid(resource(kind, spec))


def nodes(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, inner in node.get("properties", {}).items():
        yield from nodes(inner, f"{path}.{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]")
