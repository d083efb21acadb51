import asyncio
import copy
import json
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.admission.serving import (
    LIMITS,
    REVIEWS,
    Facts,
    policy_set,
    real_review,
    serving,
    trusting,
)
from tests.admission.wire import POST, connect
from tests.builders import facts
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import ImageRef
from webhook.core.policy import PolicySet
from webhook.core.rules.digest import DigestRule
from webhook.core.verdict import Mode
from webhook.core.workload import Workload

UID = "2f88bb43-27c4-47e1-a438-d28b96216c07"
WARNING_ONLY = policy_set(mode=Mode.WARN)
BAD_OBJECT = real_review("pod-create")
BAD_OBJECT["request"]["object"]["spec"]["containers"] = "nginx"
SMALL = msgspec.structs.replace(LIMITS, body_bytes=100_000, buffered_bytes=100_000)


class Broken(Facts):
    """A source with a bug."""

    def known(self, _ref: ImageRef, _needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        raise ZeroDivisionError


class Slow(Facts):
    """A source whose registry never answers."""

    def known(self, _ref: ImageRef, _needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        return None

    async def learn(
        self, ref: ImageRef, _needs: frozenset[Need], _workload: Workload
    ) -> ImageFacts | Unknown:
        self.learned.append(ref)
        await asyncio.sleep(60)
        raise AssertionError


def tagged(name: str = "pod-create") -> dict[str, Any]:
    """A review whose first container is named by a tag."""
    review = real_review(name)
    review["request"]["object"]["spec"]["containers"][0]["image"] = "nginx:1.25"
    return review


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    assert not [r for r in caplog.records if r.levelname == "ERROR" and r.name == "uvicorn.error"]


# ------------------------------------------------------------------------------------------------
# What is asked, and what is answered.


@pytest.mark.parametrize("name", sorted(path.stem for path in REVIEWS.glob("*.json")))
async def test_a_real_review_gets_an_answer_with_its_uid(name: str) -> None:
    review = real_review(name)
    async with serving() as server:
        response = await server.ask(review)

    assert response["uid"] == review["request"]["uid"]


async def test_a_good_pod_is_admitted_without_a_word() -> None:
    async with serving() as server:
        assert await server.ask(real_review("pod-create")) == {
            "uid": UID,
            "allowed": True,
            "auditAnnotations": {"decision": "allowed"},
        }
        assert server.metrics.decisions == {"allowed": 1}


async def test_a_tag_is_refused_and_the_digest_named() -> None:
    async with serving(policy_set(DigestRule())) as server:
        response = await server.ask(tagged())

    assert response["allowed"] is False
    message = response["status"]["message"]
    assert message.startswith('cocket refused Pod default/web:\n  container "app": nginx:1.25 is')
    assert f"use nginx:1.25@{facts().digest}" in message


async def test_what_must_be_learned_is_learned() -> None:
    source = Facts()
    source.in_memory = False
    async with serving(source=source) as server:
        assert (await server.ask(real_review("pod-create")))["allowed"] is True

    assert len(source.learned) == 3


async def test_an_answer_comes_before_the_api_server_gives_up() -> None:
    policies = policy_set(mode=Mode.WARN)
    async with serving(policies, Slow()) as server:
        loop = asyncio.get_running_loop()
        began = loop.time()
        response = await server.ask(real_review("pod-create"), "?timeout=500ms")

        assert loop.time() - began < 0.5
    assert response["allowed"] is True
    assert "timed-out" in response["auditAnnotations"]["unknown"]


async def test_reviews_beyond_the_bound_wait_no_longer_than_their_time() -> None:
    limits = msgspec.structs.replace(LIMITS, learning=1)
    source = Slow()
    async with serving(source=source, limits=limits) as server:
        responses = await asyncio.gather(
            *(server.ask(real_review("pod-create"), "?timeout=500ms") for _ in range(3))
        )

    assert ["timed-out" in r["auditAnnotations"]["unknown"] for r in responses] == [True] * 3


async def test_a_dry_run_gets_the_same_answer() -> None:
    dry = tagged()
    dry["request"]["dryRun"] = True
    async with serving() as server:
        assert await server.ask(dry) == await server.ask(tagged())


# ------------------------------------------------------------------------------------------------
# UPDATE: nobody is locked out by a new policy.


def update(old: dict[str, Any], new: dict[str, Any], **request: object) -> dict[str, Any]:
    """A review of an UPDATE of one object to another."""
    review = real_review("pod-create")
    review["request"] |= {"operation": "UPDATE", "object": new, "oldObject": old, **request}
    return review


def bad_pod() -> dict[str, Any]:
    """A Pod that a new policy would refuse."""
    pod: dict[str, Any] = tagged()["request"]["object"]
    pod["metadata"]["finalizers"] = ["example.com/wait"]
    return pod


def test_the_pod_of_these_tests_is_refused_on_create() -> None:
    async def ask() -> bool:
        async with serving() as server:
            return bool((await server.ask(tagged()))["allowed"])

    assert asyncio.run(ask()) is False


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda pod: pod["metadata"].pop("finalizers"), id="finalizer removed"),
        pytest.param(lambda pod: pod["metadata"]["labels"].update(a="b"), id="label patched"),
        pytest.param(
            lambda pod: pod["metadata"]["annotations"].update({"revision": "2"}),
            id="annotation patched",
        ),
        pytest.param(
            lambda pod: pod["metadata"].update(
                deletionTimestamp="2026-11-23T17:10:46Z", finalizers=[]
            ),
            id="finalizer removed while it is deleted",
        ),
    ],
)
async def test_an_update_of_something_else_passes_with_a_warning(change: Any) -> None:
    new = bad_pod()
    change(new)
    async with serving() as server:
        response = await server.ask(update(bad_pod(), new))

    assert response["allowed"] is True
    assert "nginx:1.25 is a tag" in response["warnings"][0]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda pod: pod["spec"]["containers"][0].update(image="nginx:1.26"), id="image"
        ),
        pytest.param(
            lambda pod: pod["spec"].update(ephemeralContainers=[{"name": "d", "image": "busybox"}]),
            id="ephemeral container added",
        ),
        pytest.param(lambda pod: pod["spec"]["containers"][0].pop("args"), id="args dropped"),
        pytest.param(
            lambda pod: (
                pod["metadata"].update(deletionTimestamp="2026-11-23T17:10:46Z"),
                pod["spec"]["containers"][0].update(image="nginx:1.26"),
            ),
            id="image while it is deleted",
        ),
    ],
)
async def test_an_update_of_what_runs_is_judged_as_on_create(change: Any) -> None:
    new = bad_pod()
    change(new)
    async with serving() as server:
        response = await server.ask(update(bad_pod(), new))

    assert response["allowed"] is False


async def test_a_deployment_is_scaled_and_annotated_under_a_new_policy() -> None:
    review = real_review("deployment-create")
    old = review["request"]["object"]
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = 5
    new["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "2"}
    async with serving() as server:
        assert (await server.ask(review))["allowed"] is False
        changed = update(old, new, kind=review["request"]["kind"])
        assert (await server.ask(changed))["allowed"] is True


async def test_an_ephemeral_container_is_judged_and_the_old_ones_are_not() -> None:
    async with serving() as server:
        message = (await server.ask(real_review("pod-ephemeralcontainers-update")))["status"][
            "message"
        ]

    assert message.splitlines()[0] == "cocket refused Pod default/web:"
    assert [line.partition(":")[0] for line in message.splitlines()[1:]] == [
        '  ephemeral container "dbg"'
    ]


async def test_a_delete_is_nobodys_business() -> None:
    review = tagged()
    review["request"] |= {"operation": "DELETE", "oldObject": review["request"]["object"]}
    review["request"]["object"] = None
    async with serving() as server:
        assert (await server.ask(review))["allowed"] is True


async def test_more_than_64_images_fail_every_rule_whatever_on_unknown_says() -> None:
    review = real_review("pod-create")
    review["request"]["object"]["spec"]["containers"] = [
        {"name": f"c{number}", "image": f"r{number}.example.com/a@{facts().digest}"}
        for number in range(65)
    ]
    source = Slow()
    async with serving(source=source) as server:
        response = await server.ask(review)

    assert response["allowed"] is False
    assert "it names 66 different images" in response["status"]["message"]
    assert not source.learned


# ------------------------------------------------------------------------------------------------
# Bad input.


@pytest.mark.parametrize(
    ("policies", "allowed"), [(policy_set(), False), (WARNING_ONLY, True)], ids=["enforce", "warn"]
)
@pytest.mark.parametrize(
    ("case", "cause"),
    [
        ("object", "unreadable"),
        ("cut off", "unreadable"),
        ("too large", "too-large"),
        ("too large, without a length", "too-large"),
        ("exception", "exception"),
        ("exception on what was learned", "exception"),
    ],
)
async def test_what_cannot_be_judged_is_refused_if_anything_is_enforced(
    policies: PolicySet,
    allowed: bool,  # noqa: FBT001 - parametrized
    case: str,
    cause: str,
) -> None:
    body: Any = msgspec.json.encode(BAD_OBJECT)
    source: Facts = Facts()
    match case:
        case "cut off":
            body = msgspec.json.encode(real_review("pod-create"))[:-9]
        case "too large":
            body = msgspec.json.encode(real_review("pod-create")) + b" " * 200_000
        case "too large, without a length":
            whole = msgspec.json.encode(real_review("pod-create"))
            body = _in_pieces([whole, *[b" " * 1000] * 300])
        case "exception" | "exception on what was learned":
            body = msgspec.json.encode(real_review("pod-create"))
            source = Broken() if case == "exception" else Facts()
            if case != "exception":
                source.in_memory = False
                source.facts = "nonsense"  # type: ignore[assignment]
    async with serving(policies, source, limits=SMALL) as server:
        async with server.client.post(f"{server.url}/validate", data=body) as answer:
            assert answer.status == 200
            response = (await answer.json())["response"]
        metrics = await server.scrape()
        word = "warned" if allowed else "denied"
        assert f'cocket_unjudged_total{{answer="{word}",cause="{cause}"}} 1.0' in metrics

    assert response["uid"] == UID
    assert response["allowed"] is allowed
    assert ("warnings" in response) is allowed
    assert ("status" in response) is not allowed


async def _pieces(pieces: list[bytes]) -> Any:
    for piece in pieces:
        yield piece


def _in_pieces(pieces: list[bytes]) -> Any:
    return _pieces(pieces)


async def test_an_exception_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(source=Broken()) as server:
        response = await server.ask(real_review("pod-create"))

    [record] = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert "ZeroDivisionError" not in json.dumps(response)


@pytest.mark.parametrize("body", [b"", b"hello", b"{}", b"[]", b"\xff" * 100])
async def test_what_is_no_review_at_all_is_an_http_error(body: bytes) -> None:
    async with serving() as server:
        async with server.client.post(f"{server.url}/validate", data=body) as answer:
            assert answer.status == 400
            assert (await answer.text()).strip().isprintable()
        assert server.metrics.http_errors == {"400": 1}


async def test_a_large_body_that_is_no_review_is_an_http_error() -> None:
    async with serving(limits=SMALL) as server:
        for data in (b"x" * 200_000, _in_pieces([b"x" * 60_000] * 4)):
            async with server.client.post(f"{server.url}/validate", data=data) as answer:
                assert answer.status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/validate", 405),
        ("PUT", "/validate", 405),
        ("HEAD", "/validate", 405),
        ("POST", "/validate/", 404),
        ("POST", "//validate", 404),
        ("POST", "/VALIDATE", 404),
        ("POST", "/", 404),
        ("POST", "/livez", 405),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/livez/", 404),
        ("GET", "/metrics", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
    ],
)
async def test_other_paths_and_methods_get_an_error_and_never_a_redirect(
    method: str, path: str, status: int
) -> None:
    async with (
        serving() as server,
        server.client.request(method, f"{server.url}{path}", allow_redirects=False) as answer,
    ):
        assert answer.status == status


@pytest.mark.parametrize("host", ["x/livez?", "x#", "x?", "x/"])
async def test_the_host_header_does_not_choose_the_path(host: str) -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(f"POST /validate HTTP/1.1\r\nHost: {host}\r\n".encode())
        await wire.send(b"Content-Length: 2\r\n\r\n{}")

        assert b" 400 " in await wire.answer()
        await wire.close()


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=utf-8", ""])
async def test_the_content_type_does_not_matter(content_type: str) -> None:
    body = msgspec.json.encode(real_review("pod-create"))
    async with serving() as server:
        headers = {"Content-Type": content_type}
        async with server.client.post(
            f"{server.url}/validate", data=body, headers=headers
        ) as answer:
            assert answer.status == 200


async def test_a_peer_that_waits_to_be_told_to_continue_is_told() -> None:
    body = msgspec.json.encode(real_review("pod-create"))
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(POST + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body))
        async with asyncio.timeout(3):
            assert b" 100 " in await wire.reader.readuntil(b"\r\n\r\n")
        await wire.send(body)

        assert b'"allowed":true' in await wire.answer()
        await wire.close()


# ------------------------------------------------------------------------------------------------
# Size.


def large_review(megabytes: int) -> bytes:
    """A review as large as an API server makes one."""
    review = real_review("pod-create")
    review["request"]["object"]["metadata"]["annotations"]["large"] = "<" * megabytes * 1_000_000
    return msgspec.json.encode(review)


async def test_large_reviews_that_find_no_room_in_time_are_refused_with_their_uid() -> None:
    limits = msgspec.structs.replace(LIMITS, buffered_bytes=LIMITS.body_bytes, request_seconds=1.0)
    body = large_review(18)
    async with serving(limits=limits) as server:
        holder = await connect(server.server.port, trusting())
        await holder.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body[:100_000])
        await asyncio.sleep(0.1)

        response = await server.ask(body)

        assert response["uid"] == UID
        assert response["allowed"] is False
        assert "too many large reviews" in response["status"]["message"]
        await holder.close()


async def test_large_reviews_that_come_together_are_all_judged() -> None:
    body = large_review(18)
    async with serving(limits=msgspec.structs.replace(LIMITS, request_seconds=30.0)) as server:
        responses = await asyncio.gather(*(server.ask(body, "?timeout=30s") for _ in range(8)))

    assert all(response["allowed"] for response in responses)
