import pytest

from tests.admission.serving import serving
from webhook.admission.checks import Check


@pytest.mark.parametrize("ready", [True, False])
async def test_readiness_is_what_the_server_says_and_life_goes_on(
    ready: bool,  # noqa: FBT001 - parametrized
) -> None:
    async with serving() as server:
        server.server.ready = ready
        plain = f"http://127.0.0.1:{server.server.metrics_port}"

        async with server.client.get(f"{plain}/readyz") as answer:
            assert answer.status == (200 if ready else 503)
        async with server.client.get(f"{plain}/livez") as answer:
            assert answer.status == 200


async def test_metrics_come_as_prometheus_reads_them() -> None:
    async with serving() as server:
        plain = f"http://127.0.0.1:{server.server.metrics_port}"
        async with server.client.get(f"{plain}/metrics") as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert "# TYPE cocket_reviews_total counter" in await answer.text()


async def test_who_asks_verbosely_is_told_what_readiness_depends_on() -> None:
    checks = [Check("facts", ok=True, detail="not followed for 42 s")]
    async with serving(checks=lambda: checks) as server:
        plain = f"http://127.0.0.1:{server.server.metrics_port}"
        async with server.client.get(f"{plain}/readyz?verbose") as answer:
            assert answer.status == 200
            assert await answer.text() == (
                "[+]facts ok, but not followed for 42 s\n[+]serving ok\nreadyz check passed\n"
            )
        async with server.client.get(f"{plain}/readyz") as answer:
            assert await answer.text() == "ok\n"
        # What an API server can reach says no more than it must.
        async with server.client.get(f"{server.url}/readyz?verbose") as answer:
            assert await answer.text() == "ok\n"

        server.server.ready = False
        async with server.client.get(f"{plain}/readyz?verbose=1") as answer:
            assert answer.status == 503
            assert "[-]serving not yet\nreadyz check failed\n" in await answer.text()
