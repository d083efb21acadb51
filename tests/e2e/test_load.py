"""A load sees every kind of answer, and the list of objects tells what slipped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.builders import DIGEST
from tests.certificates import self_signed
from tests.e2e.balancer import Backend, Balancer
from tests.e2e.counters import counted
from tests.e2e.load import Got, Sent, Wanted, delete_pods, send_load, stored
from tests.e2e.processes import free_port
from tests.e2e.registration import webhook_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.cockets import Cockets
    from tests.e2e.control_plane import ControlPlane

POLICY = """
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {name: by-digest}
spec: {mode: enforce, rules: {digest: {}}}
"""
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


def every_third_is_bad(number: int) -> Wanted:
    bad = number % 3 == 0
    return Wanted("registry.test/web:1" if bad else f"registry.test/web@{DIGEST}", not bad)


def register(plane: ControlPlane, name: str, url: str, ca_pem: str, failure_policy: str) -> None:
    plane.create(
        HOOKS,
        webhook_configuration(name, url, ca_pem, [name], failure_policy=failure_policy),
    )


async def test_verdicts_are_told_from_failures_and_nothing_slips(
    plane: ControlPlane, namespace: str, cockets: Cockets, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    signed = self_signed()
    chain, key = signed.write(tmp_path, "tls")
    options = ("--policy", policy, "--offline", "--tls-cert", chain, "--tls-key", key)
    replicas = [cockets.serve(name, *options, "--drain-seconds", "0") for name in ("one", "two")]
    for replica in replicas:
        replica.wait_ready()
    async with Balancer(Backend(one.port, one.ready_url) for one in replicas) as balancer:
        assert len(balancer.ready) == 2
        register(plane, namespace, balancer.url, signed.certificate_pem, "Fail")
        before = counted(plane)
        try:
            load = await send_load(
                plane, namespace, every_third_is_bad, count=90, per_second=60, name="first"
            )
            assert load.tally == {Got.ADMITTED: 60, Got.DENIED: 30}
            assert not load.failed
            assert not load.wrong
            assert load.sent[0].message.startswith(
                'admission webhook "validate.cocket.dev" denied the request: cocket refused Pod '
            )
            there = await stored(plane, load)
            assert (there.slipped, there.missing, there.count) == ((), (), 60)
            assert counted(plane).since(before).rejections == {"no_error": 30}
            assert 1.4 < max(one.started for one in load.sent) < 10
            assert 0 < load.longest() < 10

            # Nobody there: under `Fail` everything is refused, and none of it by a verdict.
            for replica in replicas:
                replica.process.kill()
            await balancer.wait_ready(0)
            before = counted(plane)
            dead = await send_load(
                plane, namespace, every_third_is_bad, count=6, per_second=60, name="dead"
            )
            assert dead.tally == {Got.CALL_ERROR: 6}
            assert len(dead.failed) == 6
            assert (await stored(plane, dead)).count == 0
            after = counted(plane).since(before)
            assert (after.verdicts, after.failures) == (0, 6)
        finally:
            plane.ask("DELETE", f"{HOOKS}/{namespace}")
    await delete_pods(plane, load)
    assert (await stored(plane, load)).missing


async def test_what_slips_under_ignore_is_counted(plane: ControlPlane, namespace: str) -> None:
    url = f"https://localhost:{free_port()}/validate"
    register(plane, namespace, url, self_signed().certificate_pem, "Ignore")
    before = counted(plane)
    try:
        load = await send_load(plane, namespace, every_third_is_bad, count=9, per_second=90)
    finally:
        plane.ask("DELETE", f"{HOOKS}/{namespace}")
    assert load.tally == {Got.ADMITTED: 9}
    assert sorted(one.name for one in load.wrong) == ["load-0", "load-3", "load-6"]
    assert (await stored(plane, load)).slipped == ("load-0", "load-3", "load-6")
    opened = counted(plane).since(before).fail_open
    assert opened == (9 if plane.version >= (1, 24) else None)


async def test_a_pod_that_the_load_did_not_send_and_one_that_got_lost_are_found(
    plane: ControlPlane, namespace: str
) -> None:
    load = await send_load(
        plane, namespace, lambda _: Wanted("web:1", admitted=True), count=2, per_second=50
    )
    load.sent.pop()
    load.sent.append(
        Sent("load-7", admitted=True, got=Got.ADMITTED, message="", started=0, seconds=0)
    )
    there = await stored(plane, load)
    assert len(there.slipped) == 1
    assert there.missing == ("load-7",)


async def test_an_api_server_that_is_away_is_no_verdict_and_a_load_can_be_stopped(
    plane: ControlPlane, namespace: str
) -> None:
    stop = asyncio.Event()
    load_task = asyncio.create_task(
        send_load(
            plane,
            namespace,
            lambda _: Wanted("web:1", admitted=True),
            count=100_000,
            per_second=50,
            stop=stop,
        )
    )
    await asyncio.to_thread(plane.restart_apiserver, kill=True)
    stop.set()
    load = await load_task
    assert load.tally[Got.OTHER] > 0
    assert load.tally[Got.OTHER] + load.tally[Got.ADMITTED] == len(load.sent) < 100_000
    assert not (await stored(plane, load)).missing
