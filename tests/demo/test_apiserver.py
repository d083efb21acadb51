"""The API server of the demo believes the right answers only; kubectl says what kubectl says."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from tests.certificates import self_signed
from webhook.demo.apiserver import Answer, ApiServer, BadAnswerError, kubectl_create
from webhook.demo.reviews import admission_review, pod

REVIEW = admission_review(pod("web", "nginx"), uid="the-uid")


def review(**response: object) -> bytes:
    answered = {"uid": "the-uid", "allowed": True} | response
    return msgspec.json.encode(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answered}
    )


@asynccontextmanager
async def webhook(
    folder: Path, body: bytes, *, status: int = 200, address: str = "127.0.0.1"
) -> AsyncIterator[ApiServer]:
    """A webhook that always answers this, and the API server that asks it."""

    async def answer(request: web.BaseRequest) -> web.Response:
        assert (request.method, request.path_qs) == ("POST", "/validate?timeout=5s")
        assert await request.read() == REVIEW
        return web.Response(status=status, body=body)

    signed = self_signed(address=address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*signed.write(folder, "webhook"))
    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield ApiServer("127.0.0.1", runner.addresses[0][1], signed.certificate_pem)
    finally:
        await runner.cleanup()


async def test_an_answer_is_read(tmp_path: Path) -> None:
    status = {"message": "no", "reason": "Forbidden", "code": 403}
    body = review(allowed=False, status=status, warnings=["w"], auditAnnotations={"a": "b"})
    async with webhook(tmp_path, body) as server:
        answer = await server.ask(REVIEW)

    assert answer == Answer(
        allowed=False, message="no", reason="Forbidden", warnings=("w",), annotations={"a": "b"}
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no AdmissionReview"),
        (b"{}", "no AdmissionReview"),
        (review(uid="another"), "it answers to another, not to the-uid"),
        (review().replace(b"/v1", b"/v1beta1"), "AdmissionReview of admission.k8s.io/v1beta1"),
        (review().replace(b"AdmissionReview", b"Status"), "a Status of"),
        (review(allowed="yes"), "no AdmissionReview"),
    ],
)
async def test_what_is_no_answer_is_refused(tmp_path: Path, body: bytes, why: str) -> None:
    async with webhook(tmp_path, body) as server:
        with pytest.raises(BadAnswerError, match=why):
            await server.ask(REVIEW)


async def test_an_http_error_is_no_answer(tmp_path: Path) -> None:
    async with webhook(tmp_path, review(), status=500) as server:
        with pytest.raises(BadAnswerError, match="HTTP status 500"):
            await server.ask(REVIEW)


async def test_a_certificate_of_another_ca_is_not_believed(tmp_path: Path) -> None:
    async with webhook(tmp_path, review()) as server:
        stranger = ApiServer("127.0.0.1", server.port, self_signed().certificate_pem)
        with pytest.raises(ssl.SSLCertVerificationError):
            await stranger.ask(REVIEW)


async def test_a_certificate_for_another_address_is_not_believed(tmp_path: Path) -> None:
    async with webhook(tmp_path, review(), address="192.0.2.1") as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await server.ask(REVIEW)


DENIED = 'admission webhook "validate.cocket.dev" denied the request'


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (Answer(allowed=True), ["pod/web created"]),
        (
            Answer(allowed=True, warnings=("one", "two")),
            ["Warning: one", "Warning: two", "pod/web created"],
        ),
        (
            Answer(allowed=False, message="no:\n  because", warnings=("one",)),
            [
                "Warning: one",
                f'Error from server: error when creating "web.yaml": {DENIED}: no:\n  because',
            ],
        ),
        (
            Answer(allowed=False, message="no", reason="Forbidden"),
            [f'Error from server (Forbidden): error when creating "web.yaml": {DENIED}: no'],
        ),
        (
            Answer(allowed=False, reason="Forbidden"),
            [f'Error from server (Forbidden): error when creating "web.yaml": {DENIED}: Forbidden'],
        ),
        (
            Answer(allowed=False),
            [f'Error from server: error when creating "web.yaml": {DENIED} without explanation'],
        ),
    ],
)
def test_kubectl_tells_it(answer: Answer, lines: list[str]) -> None:
    assert kubectl_create("web.yaml", "web", answer) == lines
