"""What registries are asked is counted by host and outcome, with an end to the hosts."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tests.registry.scripted import Scripted, in_turn, request, response
from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.counting import Requests, outcome
from webhook.registry.exchange import Request, Response
from webhook.registry.url import Origin


def scraped(requests: Requests) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(requests)
    lines = generate_latest(registry).decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if not line.startswith("#")
    }


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (200, "ok"),
        (206, "ok"),
        (304, "ok"),
        (307, "redirect"),
        (400, "refused"),
        (401, "unauthorized"),
        (403, "unauthorized"),
        (404, "not-found"),
        (429, "rate-limited"),
        (503, "server-error"),
        (999, "bad-content"),
    ],
)
def test_every_status_is_one_word_of_a_short_list(status: int, word: str) -> None:
    assert outcome(status) == word


async def test_an_answer_counts_for_the_host_that_was_named() -> None:
    requests = Requests()
    elsewhere = Origin("https", "auth.example.com", 443)
    inner = in_turn(response(401), response(200, origin=elsewhere), response(200))
    counted = requests.counted(inner, "registry.example.com")

    for _ in range(3):
        await counted.send(request(origin=elsewhere))

    assert scraped(requests) == {
        'cocket_registry_requests_total{host="registry.example.com",outcome="ok"}': 2,
        'cocket_registry_requests_total{host="registry.example.com",outcome="unauthorized"}': 1,
    }


async def test_no_answer_counts_by_its_reason_and_stays_an_error() -> None:
    def refuse(_: Request) -> Response:
        raise UnavailableError(Reason.UNREACHABLE, "away")

    requests = Requests()
    with pytest.raises(UnavailableError):
        await requests.counted(Scripted(refuse), "r.example").send(request())

    assert scraped(requests) == {
        'cocket_registry_requests_total{host="r.example",outcome="unreachable"}': 1
    }


async def test_what_is_left_is_what_was_said_last() -> None:
    requests = Requests()
    inner = in_turn(
        response(ratelimit_remaining="9;w=60"),
        response(ratelimit_remaining="8;w=60"),
        response(ratelimit_limit="100"),
        response(ratelimit_remaining="many"),
    )
    counted = requests.counted(inner, "docker.io")
    for _ in range(4):
        await counted.send(request())

    assert scraped(requests)['cocket_registry_rate_limit_remaining{host="docker.io"}'] == 8


async def test_hosts_come_to_an_end() -> None:
    requests = Requests()
    for number in range(150):
        inner = in_turn(response(ratelimit_remaining="1"))
        await requests.counted(inner, f"r{number}.example").send(request())
    found = scraped(requests)

    assert found['cocket_registry_requests_total{host="(others)",outcome="ok"}'] == 50
    assert len([one for one in found if "requests_total" in one]) == 101
    assert len([one for one in found if "remaining" in one]) == 101
