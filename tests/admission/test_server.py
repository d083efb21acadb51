import asyncio
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.admission.loads import load
from tests.admission.serving import (
    ISSUED,
    LIMITS,
    Facts,
    policy_set,
    real_review,
    serving,
    trusting,
)
from tests.admission.wire import GET, POST, connect
from webhook.admission.metrics import Metrics
from webhook.admission.reload import Reload
from webhook.admission.selfsigned import LOCAL_NAMES, self_signed
from webhook.admission.tls import Certificate, Pair, read_pair, try_pair
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import ImageRef
from webhook.core.workload import Workload

REVIEW = real_review("pod-create")


def write_pair(folder: Path, pair: Pair) -> None:
    (folder / "tls.crt").write_bytes(pair.chain)
    (folder / "tls.key").write_bytes(pair.key)


@pytest.mark.parametrize("fresh", [False, True], ids=["kept connections", "new connections"])
async def test_certificates_change_under_load_without_a_failed_request(
    fresh: bool,  # noqa: FBT001 - parametrized
    tmp_path: Path,
) -> None:
    issued = [ISSUED, *(self_signed(LOCAL_NAMES, datetime.now(UTC)) for _ in range(3))]
    trust = trusting()
    for one in issued:
        trust.load_verify_locations(cadata=one.ca.decode())
    write_pair(tmp_path, ISSUED.pair)
    chain, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    certificate = Certificate(try_pair(read_pair(chain, key), datetime.now(UTC)))
    metrics = Metrics()
    reload = Reload(
        "certificate",
        read=lambda: read_pair(chain, key),
        make=lambda pair: try_pair(pair, datetime.now(UTC)),
        take=certificate.show,
        before=ISSUED.pair,
        metrics=metrics,
    )
    limits = msgspec.structs.replace(LIMITS, reload_seconds=0.01)
    async with (
        serving(
            certificate=certificate, reloads=[reload], metrics=metrics, limits=limits
        ) as server,
        load(server, trust, fresh=fresh) as counted,
    ):
        for number in range(200):
            if number >= 12 and counted.answers > 50:
                break
            if number % 3 == 2:
                # Half of a Secret, as it is seen while it is being replaced.
                chain.write_bytes(issued[number % 4].pair.chain)
                key.write_bytes(issued[(number + 1) % 4].pair.key)
            else:
                write_pair(tmp_path, issued[number % 4].pair)
            await asyncio.sleep(0.08)

    assert counted.failures == []
    assert counted.answers > 50
    assert metrics.reloads["certificate", "ok"] >= 4
    assert metrics.reloads["certificate", "failed"] >= 1


@pytest.mark.parametrize("fresh", [False, True], ids=["kept connections", "new connections"])
async def test_a_replica_drains_without_a_failed_request(
    fresh: bool,  # noqa: FBT001 - parametrized
) -> None:
    # Time enough for a peer on a busy machine to hear of it.
    limits = msgspec.structs.replace(LIMITS, drain_seconds=2.0)
    async with serving(limits=limits) as server:
        port, url = server.server.port, server.url
        body = msgspec.json.encode(REVIEW)
        answers, failures = 0, []
        draining = asyncio.Event()

        async def ask() -> None:
            """A peer that stops opening connections when it has seen «not ready», as a Service."""
            nonlocal answers
            connector = aiohttp.TCPConnector(ssl=trusting(), force_close=fresh)
            async with aiohttp.ClientSession(connector=connector) as client:
                while not draining.is_set():
                    try:
                        async with client.post(f"{url}/validate", data=body) as answer:
                            await answer.read()
                        answers += 1
                    except (aiohttp.ClientError, OSError) as error:
                        failures.append(error)

        async def probe() -> None:
            """The endpoint is taken away some time after the server said so."""
            address = f"http://127.0.0.1:{server.server.metrics_port}/readyz"
            async with aiohttp.ClientSession() as client:
                while True:
                    async with client.get(address) as answer:
                        if answer.status == 503:
                            break
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            draining.set()

        peers = [asyncio.create_task(ask()) for _ in range(4)]
        probing = asyncio.create_task(probe())
        while answers < 10:  # noqa: ASYNC110 - counted by four tasks
            await asyncio.sleep(0.01)
        before = answers
        await server.server.drain()
        await asyncio.gather(*peers, probing)

        with pytest.raises(OSError, match=r"refused|Connect"):
            await connect(port, trusting())
    assert failures == []
    assert answers > before


class Slow(Facts):
    """A registry that takes its time."""

    def known(self, _ref: ImageRef, _needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        return None

    def in_use(self, _ref: ImageRef) -> bool:
        return False

    async def learn(
        self, ref: ImageRef, _needs: frozenset[Need], _workload: Workload
    ) -> ImageFacts | Unknown:
        self.learned.append(ref)
        await asyncio.sleep(0.6)
        return self.facts


async def test_an_answer_that_is_due_gets_out_before_the_end() -> None:
    source = Slow()
    async with serving(source=source) as server:
        asking = asyncio.create_task(server.ask(REVIEW))
        async with asyncio.timeout(20):
            while not source.learned:  # noqa: ASYNC110 - a list
                await asyncio.sleep(0.01)

        await server.server.stop()

        assert (await asking)["allowed"] is True


async def test_while_it_drains_each_answer_ends_its_connection() -> None:
    async with serving() as server:
        old = await connect(server.server.port, trusting())
        await old.send(GET + b"\r\n")
        assert b"connection: close" not in (await old.answer()).lower()
        draining = asyncio.create_task(server.server.drain())
        await asyncio.sleep(0.05)

        for wire in (old, await connect(server.server.port, trusting())):
            await wire.send(GET + b"\r\n")
            assert b"connection: close" in (await wire.until_closed()).lower()
            await wire.close()
        await draining


async def test_an_idle_connection_is_left_to_its_peer_to_close() -> None:
    limits = msgspec.structs.replace(LIMITS, drain_seconds=0.0, linger_seconds=30.0)
    async with serving(limits=limits) as server:
        first, last = [await connect(server.server.port, trusting()) for _ in range(2)]
        draining = asyncio.create_task(server.server.drain())
        await asyncio.sleep(0.2)

        await first.send(GET + b"\r\n")
        assert b"connection: close" in (await first.until_closed()).lower()
        await first.close()
        await asyncio.sleep(0.1)
        assert not draining.done()
        await last.close()
        async with asyncio.timeout(5):
            await draining


async def test_a_peer_that_keeps_its_connection_is_not_waited_for_for_ever() -> None:
    limits = msgspec.structs.replace(LIMITS, drain_seconds=0.0, linger_seconds=0.2)
    async with serving(limits=limits) as server:
        wire = await connect(server.server.port, trusting())
        async with asyncio.timeout(5):
            await server.server.drain()
        await wire.close()


async def test_a_body_that_never_comes_does_not_hold_up_the_end() -> None:
    limits = msgspec.structs.replace(LIMITS, finish_seconds=0.2)
    async with serving(limits=limits) as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(POST + b"Content-Length: 9\r\n\r\n{")
        await asyncio.sleep(0.05)
        async with asyncio.timeout(2.0):
            await server.server.stop()
        await wire.close()
        assert server.metrics.closed["drained"] == 1


async def test_readiness_is_told_on_both_ports_and_metrics_on_one() -> None:
    async with serving() as server:
        plain = f"http://127.0.0.1:{server.server.metrics_port}"
        for address, status in {
            f"{server.url}/readyz": 200,
            f"{plain}/readyz": 200,
            f"{plain}/livez": 200,
            f"{plain}/metrics": 200,
            f"{plain}/validate": 404,
            f"{server.url}/metrics": 404,
        }.items():
            async with server.client.get(address) as answer:
                assert answer.status == status, address


async def test_a_policy_that_changes_decides_at_once() -> None:
    current = [policy_set()]
    review = real_review("deployment-create")
    async with serving(lambda: current[0]) as server:
        assert (await server.ask(review))["allowed"] is False
        current[0] = msgspec.structs.replace(current[0], policies=())
        assert (await server.ask(review))["allowed"] is True


async def test_a_watch_that_ends_by_a_bug_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    reload: Reload[str, str] = Reload(
        "thing", read=broken, make=str, take=lambda _: None, before="", metrics=Metrics()
    )
    async with serving(reloads=[reload]) as server:
        await asyncio.sleep(0.1)
        assert (await server.ask(REVIEW))["allowed"] is True

    assert "not watched any more" in caplog.text


async def test_a_second_server_beside_the_first_is_another_one() -> None:
    async with serving() as one, serving() as two:
        await one.ask(REVIEW)

        assert one.metrics.decisions == {"allowed": 1}
        assert not two.metrics.decisions
        assert one.server.port != two.server.port
