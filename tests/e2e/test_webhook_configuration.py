"""The webhook configuration: repaired at once, in place, and `Fail` for good."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.operators import Site, site, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.e2e.control_plane import ControlPlane

OURS = "/webhooks/0"
WEBHOOK = "validate.cocket.dev"
REPAIRED_SECONDS = 5.0


@pytest.fixture
async def here(plane: ControlPlane, namespace: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(plane, namespace, tmp_path) as made:
        yield made


def without_metadata(configuration: dict[str, Any] | None) -> Any:
    return {key: value for key, value in (configuration or {}).items() if key != "metadata"}


async def quiet(here: Site) -> dict[str, Any]:
    """The configuration, once nothing has written it for a while."""
    found = here.configuration()
    while True:
        await asyncio.sleep(2.5)
        before, found = found, here.configuration()
        if found is not None and found == before:
            return found


async def test_it_is_written_once_and_then_left_alone(here: Site, plane: ControlPlane) -> None:
    async with here.replica().running(here.port):
        keeping = here.start()
        await until(here.webhook)
        configuration = await quiet(here)
        await here.kill()
        keeping = here.start()
        await until(lambda: keeping.proofs.census.ready)
        await asyncio.sleep(2)

        assert here.configuration() == configuration
        assert keeping.webhooks.repairs == 0
        (webhook,) = configuration["webhooks"]
        (expression,) = webhook["namespaceSelector"]["matchExpressions"]
        named = {
            f"{group}/{version}/{resource}"
            for rule in webhook["rules"]
            for group in rule["apiGroups"]
            for version in rule["apiVersions"]
            for resource in rule["resources"]
        }
        assert expression["values"] == sorted({here.namespace, "kube-system"})
        assert {"/v1/pods", "/v1/pods/ephemeralcontainers", "batch/v1/jobs"} <= named
        assert ("batch/v1/cronjobs" in named) is (plane.version >= (1, 21))
        assert ("batch/v1beta1/cronjobs" in named) is (plane.version < (1, 25))
        managers = {
            (one["manager"], one["operation"]): one["fieldsV1"]
            for one in configuration["metadata"]["managedFields"]
        }
        assert "f:webhooks" in managers["cocket-operator", "Apply"]


EDITS: list[dict[str, Any]] = [
    {"op": "replace", "path": f"{OURS}/failurePolicy", "value": "Ignore"},
    {"op": "replace", "path": f"{OURS}/timeoutSeconds", "value": 1},
    {"op": "replace", "path": f"{OURS}/matchPolicy", "value": "Exact"},
    {"op": "remove", "path": f"{OURS}/rules/0"},
    {"op": "replace", "path": f"{OURS}/rules/0/operations", "value": ["DELETE"]},
    {"op": "remove", "path": f"{OURS}/namespaceSelector"},
    {
        "op": "add",
        "path": f"{OURS}/namespaceSelector/matchLabels",
        "value": {"cocket": "on"},
    },
    {
        "op": "add",
        "path": f"{OURS}/objectSelector",
        "value": {"matchLabels": {"cocket": "on"}},
    },
    {"op": "replace", "path": f"{OURS}/clientConfig/url", "value": "https://example.com/"},
    {
        "op": "replace",
        "path": f"{OURS}/clientConfig",
        "value": {"service": {"name": "a", "namespace": "b"}},
    },
    {"op": "remove", "path": f"{OURS}/clientConfig/caBundle"},
    {"op": "remove", "path": OURS},
    {"op": "remove", "path": "/metadata/labels"},
    {"op": "replace", "path": f"{OURS}/name", "value": "other.example.com"},
]


async def test_what_somebody_changes_is_repaired_in_place(here: Site) -> None:
    async with here.replica().running(here.port):
        keeping = here.start(fail=True)
        await until(lambda: here.webhook().get("failurePolicy") == "Fail")
        before = await quiet(here)

        def repaired() -> bool:
            now = here.configuration() or {}
            found = [one for one in now.get("webhooks") or [] if one["name"] == WEBHOOK]
            labels = now["metadata"].get("labels")
            wanted = (before["webhooks"], before["metadata"]["labels"])
            return (found, labels) == wanted

        for number, edit in enumerate(EDITS):
            version = (here.configuration() or {})["metadata"]["resourceVersion"]
            here.edit(edit)
            assert await until(repaired) < REPAIRED_SECONDS, edit
            assert keeping.webhooks.repairs > number, edit
            assert (here.configuration() or {})["metadata"]["resourceVersion"] != version
        after = await quiet(here)

        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        # What was renamed is a stranger's now, and no business of ours but to say so.
        assert {one["name"] for one in after["webhooks"]} == {WEBHOOK, "other.example.com"}
        assert any("not ours" in one for one in keeping.problems())


async def test_what_somebody_deletes_comes_back_as_it_was(here: Site) -> None:
    async with here.replica().running(here.port) as replica:
        here.start(fail=True)
        await until(lambda: here.webhook().get("failurePolicy") == "Fail")
        before = await quiet(here)
        here.delete_configuration()
        assert await until(here.webhook) < REPAIRED_SECONDS
        await until(lambda: without_metadata(here.configuration()) == without_metadata(before))

        # Also where nobody was there to see it; then the Secret remembers.
        await here.kill()
        here.delete_configuration()
        here.start(fail=True)
        await until(lambda: without_metadata(here.configuration()) == without_metadata(before))
    # And where nobody answers: the door does not open because of a second misfortune.
    await replica.lease.withdraw()
    here.delete_configuration()
    assert await until(here.webhook) < REPAIRED_SECONDS
    await until(lambda: without_metadata(here.configuration()) == without_metadata(before))


async def test_fail_is_set_once_when_all_replicas_were_ready_and_stays(here: Site) -> None:
    async with here.replica().running(here.port) as first:
        keeping = here.start(fail=True, replicas=2)
        await until(here.webhook)
        await until(lambda: keeping.proofs.census.ready == 1)
        assert (await quiet(here))["webhooks"][0]["failurePolicy"] == "Ignore"
        second = here.replica("web-2")
        second.ready = False
        async with second.running():
            await until(lambda: keeping.proofs.census.fresh == 2)
            assert (await quiet(here))["webhooks"][0]["failurePolicy"] == "Ignore"
            second.ready = True
            await until(lambda: here.webhook()["failurePolicy"] == "Fail")
    await first.lease.withdraw()
    await second.lease.withdraw()
    await here.kill()

    keeping = here.start(fail=False, replicas=2)
    await until(lambda: keeping.scene.was_live)
    assert (await quiet(here))["webhooks"][0]["failurePolicy"] == "Fail"


async def test_only_a_person_takes_fail_back(here: Site) -> None:
    async with here.replica().running(here.port):
        here.start(fail=True)
        await until(lambda: here.webhook().get("failurePolicy") == "Fail")
        await here.kill()
        here.start(fail=False)
        await quiet(here)
        here.edit({"op": "replace", "path": f"{OURS}/failurePolicy", "value": "Ignore"})

        assert (await quiet(here))["webhooks"][0]["failurePolicy"] == "Ignore"
        annotations = (here.secret() or {})["metadata"].get("annotations") or {}
        assert "cocket.dev/failure-policy" not in annotations


async def test_namespaces_without_the_label_keep_fail_away(here: Site, plane: ControlPlane) -> None:
    plane.require_before("1.21", "API servers set the label since")
    name = f"{here.namespace}-bare"
    plane.create("/api/v1/namespaces", {"metadata": {"name": name}})
    async with here.replica().running(here.port):
        keeping = here.start(fail=True, excluded=(name,))
        await until(lambda: any(name in one for one in keeping.problems()))
        await until(here.webhook)
        assert (await quiet(here))["webhooks"][0]["failurePolicy"] == "Ignore"

        plane.kubectl("label", "namespace", name, f"kubernetes.io/metadata.name={name}")
        await until(lambda: here.webhook()["failurePolicy"] == "Fail")
        assert keeping.problems() == []


async def test_a_service_becomes_a_url_in_place(here: Site, plane: ControlPlane) -> None:
    service = {"name": "cocket", "namespace": here.namespace, "path": "/validate", "port": 443}
    ca = base64.b64encode(here.plane.credentials.certificate.read_bytes()).decode()
    plane.create(
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        {
            "metadata": {"name": here.name},
            "webhooks": [
                {
                    "name": "validate.cocket.dev",
                    "clientConfig": {"service": service, "caBundle": ca},
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "failurePolicy": "Ignore",
                }
            ],
        },
    )
    uid = (here.configuration() or {})["metadata"]["uid"]
    async with here.replica().running(here.port):
        here.start()
        await until(lambda: "url" in here.webhook()["clientConfig"])
        client = (await quiet(here))["webhooks"][0]["clientConfig"]

        assert set(client) == {"url", "caBundle"}
        assert (here.configuration() or {})["metadata"]["uid"] == uid
