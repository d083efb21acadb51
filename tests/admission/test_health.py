import pytest

from tests.admission.serving import serving


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
