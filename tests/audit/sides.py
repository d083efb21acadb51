"""Everybody who judges what a cluster runs, each put together as its process does it."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.audit.promoted import IMAGES, LABELS, push, registries
from tests.audit.world import PODS, World, world
from tests.promote.keys import signer
from tests.promote.promoting import Pair, pair
from webhook.admission.selfsigned import self_signed
from webhook.admission.tls import Certificate, try_pair
from webhook.cli.auditing import Asked, Auditing
from webhook.cli.serving import Judging, engine_of
from webhook.cluster.state import ClusterState
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.recorded import name_of, spec_of
from webhook.core.request import decode_review, workload_of_request
from webhook.core.resources import gather_policies
from webhook.demo.images import image
from webhook.operator.audit_scan import AuditScanner
from webhook.registry.client import open_client
from webhook.registry.given import GivenFacts
from webhook.registry.limits import Limits
from webhook.registry.questions import Questions
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.cluster.api_server import Json
    from webhook.core.verdict import Verdict
    from webhook.reports.audited import Audit

NAMESPACES = {"shop": {"env": "prod"}, "bank": {"env": "test"}}
"""Of any other one no labels are known."""
_OURS = "/apis/cocket.dev/v1alpha1"
_NOW = datetime.now(UTC)
_PACED = Limits(requests_per_second=1000.0, image_seconds=60.0, tag_seconds=60.0)
_CERTIFICATE = Certificate(try_pair(self_signed(("localhost",), _NOW).pair, _NOW))
_EVIDENCED = image(entrypoint=["/sbin/tini", "--"], cmd=["/evidenced"], labels=LABELS)
_ABSENT = f"sha256:{'ab' * 32}"


def _policies(key: str) -> dict[str, Json]:
    """Every rule in some policy; evidence and attestations count in one of them by their key."""
    by_key = {"keys": [key]}
    return {
        "all": {
            "mode": "warn",
            "onUnknown": "warn",
            "rules": {"digest": {}, "init": {}, "stop": {}},
        },
        "production": {
            "namespaceSelector": {"matchLabels": {"env": "prod"}},
            "rules": {
                "registry": {"environments": ["production"]},
                "provenance": {"require": ["source"], "agreement": "require"},
                "promotion": {},
            },
        },
        "bank": {
            "onUnknown": "allowKnown",
            "namespaceSelector": {"matchLabels": {"env": "test"}},
            "rules": {
                "provenance": {"require": ["source"], "agreement": "ifAttested", **by_key},
                "promotion": {"accept": ["origin", "evidence"], **by_key},
            },
        },
    }


_EXCEPTIONS: dict[str, Json] = {
    "one-pod": {
        "rules": ["digest", "init", "promotion"],
        "namespaces": ["shop", "bank"],
        "workload": {"kind": "Pod", "name": "pod-0"},
    },
    "one-place": {
        "rules": ["provenance", "registry"],
        "namespaces": ["shop"],
        "image": "other.example.com/x",
    },
}


class Sides:
    """One cluster, two registries, and who judges."""

    def __init__(self, cluster: World, names: dict[str, str], stack: AsyncExitStack) -> None:
        self._cluster = cluster
        self._names = names
        self._stack = stack

    def put(self, name: str, namespace: str, spec: Json) -> None:
        """Somebody creates a Pod, whose images are named by the keys of `IMAGES` and others."""
        self._cluster.put(PODS, name, namespace=namespace, spec=self._named(spec))

    async def admission(self, name: str, namespace: str) -> Verdict:
        """What `cocket serve` says when the Pod is created once more."""
        if not hasattr(self, "_engine"):
            state = await self._state()
            judging = Judging(
                policies=state.policies,
                namespaces=state.namespace_labels,
                given=GivenFacts(),
                certificate=_CERTIFICATE,
                recorded=state.recorded,
            )
            self._engine = engine_of(judging, self._questions())
        stored = self._cluster.server.get(PODS, name, namespace)
        workload = workload_of_request(decode_review(_review(name, namespace, stored)))
        assert workload is not None
        return await self._engine.review(workload, 10.0)

    async def operator(self) -> Audit:
        """What `cocket operate` finds."""
        state = await self._state()
        asked = self._questions(_PACED)
        return await AuditScanner(self._cluster.api, state, asked, lambda: datetime.now(UTC)).look()

    async def command(self) -> Audit:
        """What `cocket audit -A` finds."""
        asked = Asked(
            everywhere=True,
            exception_namespaces=("shop",),
            requests_per_second=1000.0,
            patience=60.0,
        )
        return await Auditing(self._cluster.api, asked, _never, None).audit()

    def _questions(self, limits: Limits | None = None) -> Questions:
        client = open_client(limits=limits)
        asked = Questions(client)
        self._stack.push_async_callback(client.close)
        self._stack.push_async_callback(asked.close)
        return asked

    async def _state(self) -> ClusterState:
        gather = partial(
            gather_policies, exception_namespaces=frozenset({"shop"}), max_exception_days=90
        )
        state = ClusterState(self._cluster.api, namespace="cocket-system", gather=gather)
        assert await state.look() == {}
        return state

    def _named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self._names.get(one, one)
                if key in {"image", "reference"} and isinstance(one, str)
                else self._named(one)
                for key, one in value.items()
            }
        return [self._named(one) for one in value] if isinstance(value, list) else value


@asynccontextmanager
async def sides() -> AsyncIterator[Sides]:
    """A cluster with every policy, and two registries with every image."""
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(world())
        both = await stack.enter_async_context(pair())
        names = push(both.target, both.source)
        key = await _evidence(both)
        names["evidenced"] = both.target.name("prod/web", _EVIDENCED.digest)
        names["absent"] = both.target.name("prod/web", _ABSENT)
        both.target.add("prod/web", IMAGES["good"], tag="1")
        names["tagged"] = both.target.name("prod/web", "1")
        _install(cluster, both, key)
        yield Sides(cluster, names, stack)


async def _evidence(both: Pair) -> str:
    """Promote an image from where no policy looks, with signed evidence; the key, as PEM."""
    with TemporaryDirectory() as folder:
        key = signer(Path(folder))
    both.add(_EVIDENCED, "elsewhere/web")
    where = both.where(_EVIDENCED.digest, source="elsewhere/web")
    await both.promote(_EVIDENCED.digest, where=where, evidence=True, signer=key)
    return key.public.pem


def _install(cluster: World, both: Pair, key: str) -> None:
    server = cluster.server
    for namespace, labels in NAMESPACES.items():
        server.put("/api/v1/namespaces", namespace, metadata={"labels": labels})
    for name, spec in registries(both.target.host, both.source.host).items():
        server.put(f"{_OURS}/registries", name, spec=spec)
    for name, spec in _policies(key).items():
        server.put(f"{_OURS}/clusterimagepolicies", name, spec={"mode": "enforce", **spec})
    local = {"mode": "enforce", "rules": {"init": {}}}
    server.put(f"{_OURS}/imagepolicies", "own", "bank", spec=local)
    made = {"creationTimestamp": _NOW.strftime("%Y-%m-%dT%H:%M:%SZ")}
    ends = (_NOW + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, spec in _EXCEPTIONS.items():
        told = {**spec, "reason": "it is to be replaced", "expires": ends}
        server.put(f"{_OURS}/imageexceptions", name, "shop", spec=told, metadata=made)
    # One digest is recorded, as the operator does it: facts, and nothing of its way.
    digest = IMAGES["rogue"].digest
    config = ImageConfig(
        os="linux",
        architecture="amd64",
        entrypoint=("/sbin/tini", "--"),
        cmd=("/rogue",),
        labels=tuple(sorted(LABELS.items())),
    )
    facts = ImageFacts(digest=digest, platforms=(PlatformImage("linux/amd64", digest, config),))
    spec = spec_of(facts, image=both.target.name("prod/web", digest), registries=["prod"])
    server.put(f"{_OURS}/imagefacts", name_of(digest), spec=spec)


def _review(name: str, namespace: str, found: Json | None) -> bytes:
    request = {
        "uid": "u",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "name": name,
        "namespace": namespace,
        "object": {"apiVersion": "v1", "kind": "Pod", **(found or {})},
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return to_json(review).encode()


def _never(warning: str) -> None:
    raise AssertionError(warning)
