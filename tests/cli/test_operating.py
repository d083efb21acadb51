"""`cocket operate` beside an API server: one leads, another waits, and it ends when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.cli.cluster_processes import Command, Machine, machine
from tests.operator.facts_world import until
from webhook.cli.operated import Audited, Webhook
from webhook.cli.operating import own_identity
from webhook.operator.report_apis import ReportsWanted
from webhook.operator.stored import read_stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OURS = "/apis/cocket.dev/v1alpha1"
POLICIES = f"{OURS}/clusterimagepolicies"
EXCEPTIONS = f"{OURS}/imageexceptions"
LEASES = "/apis/coordination.k8s.io/v1/leases"
SECRETS = "/api/v1/secrets"
KINDS = ("registries", "clusterimagepolicies", "imagepolicies", "imageexceptions")
WEBHOOK = Webhook(
    service="cocket",
    url="",
    secret="tls",
    certificate="",
    fail=True,
    timeout_seconds=7,
    replicas=3,
    overlap_seconds=61.0,
    excluded=("a",),
)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Machine]:
    async with machine(tmp_path) as found:
        found.server.serve("/api/v1", "namespaces", "pods")
        found.server.serve(OURS, *KINDS)
        yield found


async def operate(here: Machine, *arguments: str) -> Command:
    return await here.start(
        "operate", "--probe-bind", "127.0.0.1", *arguments, port_option="--probe-port"
    )


def holder(here: Machine) -> str:
    lease = here.server.get(LEASES, "cocket-operator", "cocket")
    return str(lease["spec"]["holderIdentity"]) if lease else ""


def ready(here: Machine, path: str, name: str, namespace: str = "") -> str:
    status = (here.server.get(path, name, namespace) or {}).get("status", {})
    return "".join(one["reason"] for one in status.get("conditions", []))


async def test_it_leads_does_its_work_and_gives_the_lease_away(here: Machine) -> None:
    here.server.put(POLICIES, "main", spec={"rules": {"digest": {}}})
    spec = {"rules": ["digest"], "namespaces": ["shop"], "image": "r.example.com/x", "reason": "x"}
    for namespace in ("cocket", "shop"):
        here.server.put(
            EXCEPTIONS,
            "old",
            namespace,
            spec=spec | {"expires": "2026-02-01T00:00:00Z"},
            metadata={"creationTimestamp": "2026-01-15T00:00:00Z"},
        )
    for name, expires in (("long", "2026-07-01T00:00:00Z"), ("longer", "2029-02-01T00:00:00Z")):
        metadata = {"creationTimestamp": "2026-01-15T00:00:00Z"}
        end = spec | {"expires": expires}
        here.server.put(EXCEPTIONS, name, "shop", spec=end, metadata=metadata)
    command = await operate(
        here,
        *("--identity", "me", "--exception-namespace", "shop", "--max-exception-days", "365"),
    )
    await command.page("/readyz", "ok")
    await until(lambda: holder(here) == "me")
    await until(lambda: ready(here, POLICIES, "main") == "InForce")
    await until(lambda: ready(here, EXCEPTIONS, "old", "shop") == "Expired")
    await until(lambda: ready(here, EXCEPTIONS, "old", "cocket") == "NotHonoured")
    await until(lambda: ready(here, EXCEPTIONS, "long", "shop") == "Expired")
    await until(lambda: ready(here, EXCEPTIONS, "longer", "shop") == "Invalid")
    page = await command.page("/readyz?verbose", "documents ok")
    assert "lease (we lead)" in page
    metrics = await command.page("/metrics", 'reason="InForce"')
    assert "cocket_operator_leading 1.0" in metrics
    assert "cocket_reviews" not in metrics

    assert await command.end() == 0
    assert holder(here) == ""
    assert not any("Traceback" in one or "t0ken" in one for one in command.messages)
    assert not here.server.objects.get(SECRETS)


async def test_the_second_one_waits_is_ready_and_takes_over(here: Machine) -> None:
    first = await operate(here, "--identity", "first")
    await until(lambda: holder(here) == "first", 30)
    second = await operate(here, "--identity", "second")
    page = await second.page("/readyz?verbose", "lease (first leads)")
    assert "readyz check passed" in page
    assert "cocket_operator_leading 0.0" in await second.page("/metrics", "leading")

    assert await first.end() == 0
    await until(lambda: holder(here) == "second", 30)
    await second.page("/metrics", "cocket_operator_leading 1.0")
    assert await second.end() == 0


async def test_who_loses_the_lease_ends_and_says_so(here: Machine) -> None:
    command = await operate(here, "--identity", "me")
    await until(lambda: holder(here) == "me", 30)
    lease = here.server.get(LEASES, "cocket-operator", "cocket")
    assert lease is not None
    taken = lease["spec"] | {"holderIdentity": "other"}
    here.server.put(LEASES, "cocket-operator", "cocket", spec=taken)

    assert await command.exited() == 1
    assert any("other holds it now; the operator ends" in one for one in command.messages)
    assert holder(here) == "other"


async def test_trouble_of_a_part_is_told_and_leaves_it_ready(here: Machine) -> None:
    here.server.refuse("GET", "/secrets$", 403, "Forbidden")
    command = await operate(here)
    await command.page("/readyz?verbose", "logins")
    page = await command.page("/readyz?verbose", "readyz check passed")

    assert "[+]logins ok, but GET " in page
    assert "answered 403" in page
    assert 'cocket_operator_failing{part="logins"} 1.0' in await command.page("/metrics", "logins")


async def test_documents_that_were_never_read_are_not_ready(here: Machine) -> None:
    here.server.refuse("GET", "/imagepolicies$", 403, "Forbidden")
    command = await operate(here)

    assert "[-]documents" in await command.page("/readyz?verbose", "answered 403")


async def test_with_a_service_it_makes_the_certificate(here: Machine) -> None:
    await operate(here, "--service", "webhook", "--tls-secret", "tls")
    await until(lambda: here.server.get(SECRETS, "tls", "cocket"), 30)

    data = (here.server.get(SECRETS, "tls", "cocket") or {})["data"]
    stored = read_stored(msgspec.convert(data, dict[str, bytes]))
    assert stored.serving is not None
    assert "webhook.cocket.svc" in stored.serving.names


def test_the_options_reach_what_they_are_about() -> None:
    options = WEBHOOK.options("system")

    assert (options.secret, options.fail, options.replicas, options.issue) == ("tls", True, 3, True)
    assert (options.publish_seconds, options.settle_seconds) == (61.0, 61.0)
    assert options.shape.timeout_seconds == 7
    assert options.shape.all_excluded == ["a", "kube-system", "system"]
    assert options.shape.endpoint.server_name == "cocket.system.svc"
    assert options.shape.inject_from == ""


def test_with_cert_manager_nothing_is_issued() -> None:
    options = msgspec.structs.replace(WEBHOOK, certificate="web").options("system")

    assert (options.issue, options.shape.inject_from) == (False, "system/web")


def test_each_of_us_has_a_name_of_its_own() -> None:
    assert own_identity() != own_identity()


def test_the_audit_is_as_the_options_say_and_leaves_out_whom_admission_is_never_asked_about() -> (
    None
):
    options = Audited(60, "openreports", events=False, excluded=("legacy",)).options("op-1", "own")

    assert options.plan.interval_seconds == 60
    assert options.reports.wanted is ReportsWanted.OPEN_REPORTS
    assert options.events is None
    assert options.instance == "op-1"
    assert options.unasked == {"kube-system", "own", "legacy"}
    assert Audited(60, "auto", events=True, excluded=()).options("op-1", "own").events is not None
