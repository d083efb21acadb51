"""Audit and admission say the same to the same object."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.world import BAD, GOOD, PODS, TAG, engine, policies, world
from tests.builders import DIGEST, NOW
from webhook.core.request import decode_review, workload_of_request
from webhook.core.running import DRIFTED
from webhook.engine import Engine
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cluster.api_server import Json
    from webhook.core.verdict import Finding, Verdict

API = "cocket.dev/v1alpha1"
IMAGES = [GOOD, BAD, TAG, "nginx", "NOT AN IMAGE", "", f"other.example.com/x@{DIGEST}"]
NAMESPACES = {"shop": {"env": "prod"}, "bank": {"env": "test"}}
"""Of the namespace `lost` no labels are known."""


def document(kind: str, name: str, spec: Json, namespace: str = "") -> Json:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


SPECS = policies(
    document(
        "Registry", "prod", {"host": "registry.example.com/prod", "environment": "production"}
    ),
    document("ClusterImagePolicy", "all", {"mode": "warn", "rules": {"digest": {}, "init": {}}}),
    document(
        "ClusterImagePolicy",
        "production",
        {
            "mode": "enforce",
            "namespaceSelector": {"matchLabels": {"env": "prod"}},
            "rules": {"registry": {"environments": ["production"]}, "provenance": {}, "digest": {}},
        },
    ),
    document("ImagePolicy", "own", {"mode": "enforce", "rules": {"init": {}}}, "bank"),
    document(
        "ImageException",
        "one-pod",
        {
            "rules": ["digest", "init"],
            "namespaces": ["shop", "bank"],
            "workload": {"kind": "Pod", "name": "pod-0"},
            "reason": "it is to be replaced",
            "expires": "2026-12-24T00:00:00Z",
        },
        "shop",
    ),
    document(
        "ImageException",
        "one-image",
        {
            "rules": ["provenance", "registry"],
            "namespaces": ["shop"],
            "image": "registry.example.com/prod/bare",
            "reason": "it is to be built anew",
            "expires": "2026-12-24T00:00:00Z",
        },
        "shop",
    ),
)

words = st.lists(st.sampled_from(["tini", "--", "sh", "-c", "exec $(X)", "/app"]), max_size=3)
containers = st.builds(
    lambda name, image, command, args, value: {
        "name": name,
        "image": image,
        "command": command,
        "args": args,
        "env": [{"name": "X", "value": value}],
    },
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(IMAGES),
    words,
    words,
    st.sampled_from(["/app", "tini -- /app"]),
)
specs = st.fixed_dictionaries(
    {"containers": st.lists(containers, min_size=1, max_size=3)},
    optional={
        "initContainers": st.lists(containers, max_size=2),
        "ephemeralContainers": st.lists(containers, max_size=1),
        "volumes": st.just([{"name": "v", "image": {"reference": TAG}}]),
        "shareProcessNamespace": st.booleans(),
        "hostPID": st.booleans(),
        "os": st.just({"name": "windows"}),
    },
)
pods = st.lists(st.tuples(st.sampled_from([*NAMESPACES, "lost"]), specs), min_size=1, max_size=8)


@given(pods)
@settings(max_examples=40, deadline=None)
def test_a_verdict_of_an_audit_is_that_of_a_create(found: list[tuple[str, Json]]) -> None:
    asyncio.run(_compare(found))


async def _compare(found: Sequence[tuple[str, Json]]) -> None:
    admission = Engine(
        policies=lambda: SPECS,
        source=engine(SPECS).source,
        namespaces=NAMESPACES.get,
        clock=lambda: NOW,
    )
    async with world() as cluster:
        for number, (namespace, spec) in enumerate(found):
            cluster.put(PODS, f"pod-{number}", namespace=namespace, spec=spec)
        audit = await cluster.audit(engine(SPECS, NAMESPACES))
        assert len(audit.audited) == len(found)
        for one in audit.audited:
            owner = one.owner
            stored = cluster.server.get(PODS, owner.name, owner.namespace)
            assert stored is not None
            asked = _review({"apiVersion": "v1", "kind": "Pod", **stored})
            workload = workload_of_request(decode_review(asked))
            assert workload is not None
            expected = await admission.review(workload, 1.0)
            assert _findings(one.verdict) == tuple(dict.fromkeys(expected.findings))
            assert one.verdict.allowed is expected.allowed


def _review(found: Json) -> bytes:
    metadata = found["metadata"]
    request = {
        "uid": "u",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "object": found,
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return to_json(review).encode()


def _findings(verdict: Verdict) -> tuple[Finding, ...]:
    return tuple(one for one in verdict.findings if one.rule != DRIFTED)
