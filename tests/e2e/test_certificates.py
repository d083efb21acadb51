"""The first certificate and its rotation, with replicas that really serve TLS."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.operators import Site, site, until
from webhook.operator.authority import Issued, issue
from webhook.operator.stored import read_bundle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.e2e.control_plane import ControlPlane


@pytest.fixture
async def here(plane: ControlPlane, namespace: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(plane, namespace, tmp_path) as made:
        yield made


def put_old(here: Site, days: float = 21) -> Issued:
    """A certificate that is long due for renewal."""
    old = issue(["127.0.0.1"], datetime.now(UTC) - timedelta(days=days))
    here.put_secret(**{"tls.crt": old.chain, "tls.key": old.key, "ca.crt": old.ca})
    return old


def at_rest(here: Site) -> bool:
    """One CA, trusted and served."""
    stored = here.stored()
    return (
        stored.serving is not None
        and stored.pending is None
        and stored.bundle == (stored.serving.ca,) == here.bundle()
    )


class Load:
    """Creates Pods that the API server must ask about; counts those that were refused."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane = plane
        self.namespace = namespace
        self.sent = 0
        self.refused: list[str] = []

    async def run(self) -> None:
        while True:
            self.sent += 1
            status, text = await asyncio.to_thread(
                self.plane.ask,
                "POST",
                f"/api/v1/namespaces/{self.namespace}/pods?dryRun=All",
                {
                    "metadata": {"name": f"pod-{self.sent}"},
                    "spec": {"containers": [{"name": "app", "image": "example.com/a"}]},
                },
            )
            if status != 201:
                self.refused.append(text)
            await asyncio.sleep(0.01)


async def test_the_first_certificate_comes_at_once_and_the_configuration_last(here: Site) -> None:
    keeping = here.start()
    await until(lambda: here.stored().serving)

    assert (here.secret() or {})["type"] == "kubernetes.io/tls"
    assert set(here.data()) == {"tls.crt", "tls.key", "ca.crt"}
    await until(lambda: any("no replica has proven itself" in one for one in keeping.problems()))
    assert here.configuration() is None

    async with here.replica().running(here.port) as replica:
        await until(lambda: here.webhook().get("failurePolicy") == "Ignore")
        assert replica.shown == here.data()["tls.crt"]
        assert here.bundle() == read_bundle(here.data()["ca.crt"])
        await until(lambda: not keeping.problems())


async def test_a_rotation_with_the_operator_killed_at_every_step_fails_no_call(
    here: Site, plane: ControlPlane
) -> None:
    old = put_old(here)
    async with here.replica().running(here.port) as replica:
        # By a clock that is late, nothing is due yet.
        here.start(fail=True, late=timedelta(days=3))
        await until(lambda: here.webhook().get("failurePolicy") == "Fail")
        await here.kill()
        assert here.stored().pending is None
        load = Load(plane, plane.create_namespace(f"{here.namespace}-asked"))
        task = asyncio.create_task(load.run())

        for done in (
            lambda: here.stored().pending,
            lambda: len(here.bundle()) == 2,
            lambda: here.data()["tls.crt"] != old.chain,
            lambda: len(here.stored().bundle) == 1,
            lambda: len(here.bundle()) == 1,
        ):
            here.start(fail=True)
            await until(done)
            await here.kill()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert at_rest(here)
        assert load.refused == []
        assert load.sent > 100
        assert replica.asked >= load.sent - 1
        assert replica.shown == here.data()["tls.crt"] != old.chain
        assert old.ca not in here.bundle()


@pytest.mark.parametrize("speaks", [True, False], ids=["renews its Lease", "is silent"])
async def test_the_old_ca_stays_as_long_as_one_replica_needs_it(
    here: Site, *, speaks: bool
) -> None:
    old = put_old(here)
    async with here.replica().running(here.port), here.replica("slow").running() as slow:
        await until(lambda: slow.shown == old.chain and here.leases() == 2)
        slow.frozen = True
        if not speaks:
            slow.stop_speaking()
        keeping = here.start()
        await until(lambda: any("slow" in one for one in keeping.problems()))
        await until(lambda: here.data()["tls.crt"] != old.chain)
        await asyncio.sleep(10)  # more than all the waiting that is asked for
        assert old.ca in here.bundle()
        assert old.ca in here.stored().bundle
        assert any("slow" in one for one in keeping.problems())

        slow.frozen = False
        slow.load()
        await until(lambda: at_rest(here))
        await until(lambda: not keeping.problems())


@pytest.mark.parametrize("loss", ["deleted", "garbage", "no ca"])
async def test_a_secret_that_is_lost_heals_and_nobody_notices(
    here: Site, plane: ControlPlane, loss: str
) -> None:
    async with here.replica().running(here.port) as replica:
        here.start(fail=True)
        await until(lambda: here.webhook().get("failurePolicy") == "Fail")
        await until(lambda: at_rest(here))
        first = here.data()
        load = Load(plane, plane.create_namespace(f"{here.namespace}-asked"))
        task = asyncio.create_task(load.run())
        match loss:
            case "deleted":
                here.delete_secret()
            case "garbage":
                here.put_secret(**{"tls.crt": b"x", "tls.key": b"y", "ca.crt": b"z"})
            case _:
                here.put_secret(**(first | {"ca.crt": b"z"}))
        await until(lambda: here.data().get("tls.crt", b"x") not in {b"x", b"", first["tls.crt"]})
        await until(lambda: at_rest(here))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert load.refused == []
        assert replica.shown == here.data()["tls.crt"]
        assert here.bundle() != read_bundle(first["ca.crt"])
        annotations = (here.secret() or {})["metadata"]["annotations"]
        assert annotations["cocket.dev/failure-policy"] == "Fail"


async def test_a_wrong_clock_rotates_nothing(here: Site) -> None:
    async with here.replica().running(here.port):
        here.start()
        await until(lambda: here.webhook() and at_rest(here))
        before = here.data()
        await here.kill()
        keeping = here.start(late=timedelta(days=-3650))
        await until(lambda: any("clocks" in one or "clock" in one for one in keeping.problems()))

        assert here.data() == before


async def test_without_replicas_nothing_is_taken_away(here: Site) -> None:
    async with here.replica().running(here.port) as replica:
        here.start(late=timedelta(days=22))
        await until(here.webhook)
        await here.kill()
        first = here.bundle()
    await replica.lease.withdraw()
    here.start()
    await until(lambda: len(here.bundle()) == 2)
    await until(lambda: here.stored().pending is None)
    await asyncio.sleep(8)  # more than all the waiting that is asked for

    assert set(first) < set(here.bundle())
