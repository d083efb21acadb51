"""The demo registry answers as the distribution spec says; what it holds can change meanwhile."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError

from tests.certificates import self_signed
from tests.demo.asking import ask
from webhook.demo.faults import Fault
from webhook.demo.images import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, image, index
from webhook.demo.login import BasicLogin
from webhook.demo.registry import DemoRegistry, Redirect


async def test_a_manifest_comes_by_tag_and_by_digest_with_the_headers_of_the_spec() -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", image(), "1.0")

        for reference in ("1.0", digest):
            reply = await ask(f"http://{registry.host}/v2/prod/web/manifests/{reference}")

            assert (reply.status, reply.body) == (200, image().manifest)
            assert reply.headers["content-type"] == OCI_MANIFEST
            assert reply.headers["docker-content-digest"] == digest
            assert reply.headers["etag"] == f'"{digest}"'


async def test_head_tells_the_same_without_the_body() -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", image(), "1.0")

        reply = await ask(f"http://{registry.host}/v2/prod/web/manifests/1.0", "HEAD")

        assert (reply.status, reply.body) == (200, b"")
        assert reply.headers["docker-content-digest"] == digest
        assert reply.headers["content-length"] == str(len(image().manifest))


async def test_a_blob_comes_by_its_digest() -> None:
    async with DemoRegistry() as registry:
        registry.add("prod/web", image())
        digest = registry.put_blob("prod/web", b"bytes")

        reply = await ask(f"http://{registry.host}{registry.path('prod/web', digest)}")

        assert (reply.status, reply.body) == (200, b"bytes")
        assert reply.headers["docker-content-digest"] == digest


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2/prod/web/manifests/2.0", "MANIFEST_UNKNOWN"),
        ("/v2/prod/other/manifests/1.0", "MANIFEST_UNKNOWN"),
        (f"/v2/prod/web/blobs/sha256:{'0' * 64}", "BLOB_UNKNOWN"),
        ("/v2/prod/other/tags/list", "NAME_UNKNOWN"),
    ],
)
async def test_what_is_not_there_is_404_with_a_code(path: str, code: str) -> None:
    async with DemoRegistry() as registry:
        registry.add("prod/web", image(), "1.0")

        reply = await ask(f"http://{registry.host}{path}")

        assert (reply.status, reply.code) == (404, code)


@pytest.mark.parametrize("accept", ["*/*", OCI_INDEX, DOCKER_MANIFEST, "application/json"])
async def test_a_type_that_the_client_does_not_accept_is_not_there(accept: str) -> None:
    async with DemoRegistry() as registry:
        registry.add("prod/web", image(), "1.0")
        url = f"http://{registry.host}/v2/prod/web/manifests/1.0"

        assert (await ask(url, accept=accept)).code == "MANIFEST_UNKNOWN"
        assert (await ask(url, accept=f"{accept}, {OCI_MANIFEST};q=0.5")).status == 200


async def test_other_paths_and_methods_are_refused() -> None:
    async with DemoRegistry() as registry:
        base = f"http://{registry.host}"

        assert (await ask(f"{base}/v2/")).json == {}
        assert (await ask(f"{base}/v2/_catalog")).status == 404
        assert (await ask(f"{base}/v2/prod/web/manifests/1.0", "PUT")).code == "UNSUPPORTED"


async def test_tags_are_listed() -> None:
    async with DemoRegistry() as registry:
        for tag in ("b", "a"):
            registry.add("prod/web", image(), tag)

        reply = await ask(f"http://{registry.host}/v2/prod/web/tags/list")

        assert reply.json == {"name": "prod/web", "tags": ["a", "b"]}


async def test_what_is_added_between_two_requests_is_served() -> None:
    async with DemoRegistry() as registry:
        registry.add("prod/web", image(), "1.0")
        url = f"http://{registry.host}/v2/prod/web/manifests/1.0"

        before = await ask(url)
        registry.add("prod/web", index([image()]), "1.0")
        after = await ask(url)

        assert before.headers["content-type"] == OCI_MANIFEST
        assert after.headers["content-type"] == OCI_INDEX


async def test_names_are_written_as_in_a_pod() -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", image(), "1.0")

        assert registry.name("prod/web", "1.0") == f"{registry.host}/prod/web:1.0"
        assert registry.name("prod/web", digest) == f"{registry.host}/prod/web@{digest}"


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_blobs_are_redirected_to_a_store_that_wants_no_authorization(
    *, elsewhere: bool
) -> None:
    async with DemoRegistry() as registry:
        digest = registry.put_blob("prod/web", b"bytes")
        registry.redirect = Redirect(elsewhere=elsewhere, hops=2, status=302)

        first = await ask(f"http://{registry.host}{registry.path('prod/web', digest)}")
        second = await ask(first.headers["location"])
        bytes_at_last = await ask(second.headers["location"])
        refused = await ask(second.headers["location"], authorization="Bearer demo-token-1")
        unsigned = await ask(second.headers["location"].partition("?")[0])

        assert (first.status, second.status) == (302, 302)
        host = registry.elsewhere if elsewhere else registry.host
        assert first.headers["location"].startswith(f"http://{host}/store/1/")
        assert (bytes_at_last.status, bytes_at_last.body) == (200, b"bytes")
        assert (refused.status, unsigned.status) == (400, 400)


async def test_pulls_run_out_and_head_is_free() -> None:
    async with DemoRegistry() as registry:
        registry.add("prod/web", image(), "1.0")
        registry.pulls_left, registry.retry_after = 1, "7"
        url = f"http://{registry.host}/v2/prod/web/manifests/1.0"

        assert (await ask(url, "HEAD")).headers["ratelimit-remaining"] == "1;w=21600"
        assert (await ask(url)).status == 200
        refused = await ask(url)

        assert (refused.status, refused.code) == (429, "TOOMANYREQUESTS")
        assert refused.headers["retry-after"] == "7"
        assert (await ask(url, "HEAD")).status == 200


async def test_everything_that_was_asked_is_on_record() -> None:
    async with DemoRegistry(login=BasicLogin()) as registry:
        await ask(f"http://{registry.host}/v2/?a=1&a=2&b=", "HEAD", authorization="Basic x")
        await ask(f"http://{registry.elsewhere}/token")

        assert registry.lines() == ["HEAD /v2/", "GET /token"]
        first, second = registry.requests
        assert (first.host, second.host) == (registry.host, registry.elsewhere)
        assert first.query == {"a": ["1", "2"], "b": [""]}
        assert first.headers["authorization"] == "Basic x"
        assert "authorization" not in second.headers


async def test_it_speaks_tls(tmp_path: Path) -> None:
    signed = self_signed()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*signed.write(tmp_path, "registry"))
    trust = ssl.create_default_context(cadata=signed.certificate_pem)
    async with DemoRegistry(tls=context) as registry:
        digest = registry.put_blob("prod/web", b"bytes")
        registry.redirect = Redirect(elsewhere=True)

        reply = await ask(f"https://{registry.host}/v2/prod/web/blobs/{digest}", tls=trust)
        moved = await ask(reply.headers["location"], tls=trust)

        assert reply.headers["location"].startswith(f"https://{registry.elsewhere}/")
        assert moved.body == b"bytes"


async def test_leaving_it_ends_answers_that_are_on_their_way() -> None:
    async with DemoRegistry() as registry:
        registry.fault("/v2/", Fault(delay=60))
        url = f"http://{registry.host}/v2/"
    with pytest.raises(ClientConnectorError):
        await ask(url)
