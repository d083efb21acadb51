"""The client before registries that do not answer well."""

import hashlib
import ssl
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.registry.asking import (
    APP,
    ARM,
    CONFIG,
    client,
    configured,
    facts,
    why,
)
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.demo.faults import Fault
from webhook.demo.images import index, sha256
from webhook.demo.registry import DemoRegistry
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.cache import question
from webhook.registry.limits import Limits


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=401), Reason.UNAUTHORIZED),
        (Fault(status=403, code="DENIED"), Reason.UNAUTHORIZED),
        (Fault(status=404), Reason.NOT_FOUND),
        (Fault(status=500), Reason.UNREACHABLE),
        (Fault(status=503), Reason.UNREACHABLE),
        (Fault(status=429, headers=(("Retry-After", "3600"),)), Reason.RATE_LIMITED),
        (Fault(hang_up=True), Reason.UNREACHABLE),
        (Fault(cut=3), Reason.UNREACHABLE),
        (Fault(delay=30), Reason.TIMED_OUT),
        (Fault(drip=0.2), Reason.TIMED_OUT),
        (Fault(body=b"{}"), Reason.BAD_CONTENT),
        (Fault(body=b""), Reason.BAD_CONTENT),
        (Fault(headers=(("Content-Encoding", "gzip"),)), Reason.BAD_CONTENT),
        (Fault(headers=(("Content-Type", "application/json"),)), Reason.BAD_CONTENT),
        (
            Fault(headers=(("Content-Type", "application/vnd.oci.image.index.v1+json"),)),
            Reason.BAD_CONTENT,
        ),
        (Fault(headers=(("Docker-Content-Digest", "sha256:" + "0" * 64),)), Reason.BAD_CONTENT),
        (Fault(headers=(("Docker-Content-Digest", "nonsense"),)), Reason.BAD_CONTENT),
    ],
)
async def test_a_manifest_that_is_not_served_well_has_a_reason(
    fault: Fault, reason: Reason
) -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", APP)
        registry.fault(registry.path("prod/web", digest), fault, times=9)
        refused = await why(registry.name("prod/web", digest))

    assert refused.reason is reason
    assert registry.host in str(refused) or reason is Reason.BAD_CONTENT


@pytest.mark.parametrize(
    "fault",
    [
        Fault(body=b"{}"),
        Fault(body=APP.config + b" "),
        Fault(body=APP.config[:-1]),
        Fault(body=b"\xef\xbb\xbf" + APP.config),
    ],
)
async def test_a_config_of_other_bytes_is_bad_content(fault: Fault) -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", APP)
        registry.fault(registry.path("prod/web", sha256(APP.config)), fault, times=9)
        refused = await why(registry.name("prod/web", digest))

    assert refused.reason is Reason.BAD_CONTENT


async def test_a_platform_that_is_served_as_something_else_is_bad_content() -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", index([APP, ARM]))
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        fault = Fault(headers=(("Content-Type", kind),))
        registry.fault(registry.path("prod/web", ARM.digest), fault)
        refused = await why(registry.name("prod/web", digest))

    assert isinstance(refused, BadContentError)
    assert "two different things" in str(refused)


async def test_an_endless_manifest_is_bad_content() -> None:
    async with DemoRegistry() as registry, client(limits=Limits(image_seconds=60)) as asked:
        digest = registry.add("prod/web", APP)
        fault = Fault(endless=True, body=bytes(2**16))
        registry.fault(registry.path("prod/web", digest), fault)
        with pytest.raises(BadContentError, match="more than"):
            await facts(registry.name("prod/web", digest), asked)


async def test_a_missing_config_is_not_found() -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", APP)
        registry.remove("prod/web", sha256(APP.config))

        assert (await why(registry.name("prod/web", digest))).reason is Reason.NOT_FOUND


async def test_one_bad_platform_spoils_the_image() -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", index([APP, ARM]))
        registry.remove("prod/web", ARM.digest)

        assert (await why(registry.name("prod/web", digest))).reason is Reason.NOT_FOUND


async def test_a_digest_of_sha512_is_computed_as_such() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.add("prod/web", APP)
        digest = "sha512:" + hashlib.sha512(APP.manifest).hexdigest()
        registry.put_manifest("prod/web", APP.manifest, APP.media_type, digest=digest)
        found = await facts(registry.name("prod/web", digest), asked)
        assert found.digest == digest
        registry.put_manifest("prod/web", ARM.manifest, ARM.media_type, digest=digest)
        refused = await why(registry.name("prod/web", digest))

    assert refused.reason is Reason.BAD_CONTENT


async def test_sha384_is_no_digest_of_images() -> None:
    async with DemoRegistry() as registry:
        refused = await why(registry.name("prod/web", "sha384:" + "0" * 96))

        assert registry.lines() == []
    assert isinstance(refused, BadContentError)


async def test_a_registry_that_tells_everybody_something_else_is_asked_for_the_tag_once() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.add("prod/web", index([APP, ARM]), tag="1.0")
        found = await facts(registry.name("prod/web", "1.0"), asked)
        by_tag = [line for line in registry.lines() if line.endswith("/1.0")]

        assert len(by_tag) == 1
        assert all("sha256:" in line for line in registry.lines()[1:])
    assert found.digest == index([APP, ARM]).digest


async def test_a_passing_429_is_waited_for() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        fault = Fault(status=429, headers=(("Retry-After", "0"),))
        registry.fault(registry.path("prod/web", digest), fault)

        assert (await facts(registry.name("prod/web", digest), asked)).complete


async def test_a_failure_is_remembered_for_seconds_and_said_at_once() -> None:
    async with DemoRegistry() as registry, client() as asked:
        ref = ImageRef.parse(registry.name("prod/web", "1.0"))
        settings = configured(registry.host)
        for _ in range(3):
            with pytest.raises(UnavailableError) as refused:
                await asked.facts(ref, CONFIG, settings)
            assert refused.value.reason is Reason.NOT_FOUND
        assert [line.split()[0] for line in registry.lines()] == ["HEAD", "GET"]
        known = asked.known(question(ref, settings), CONFIG)
        assert isinstance(known, Unknown)
        assert known.reason is Reason.NOT_FOUND
    async with DemoRegistry() as registry, client(limits=Limits(failure_seconds=0)) as asked:
        name = registry.name("prod/web", "1.0")
        with pytest.raises(UnavailableError):
            await facts(name, asked)
        registry.add("prod/web", APP, tag="1.0")
        assert (await facts(name, asked)).complete


async def test_a_config_that_fails_does_not_hide_the_digest() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP, tag="1.0")
        registry.remove("prod/web", sha256(APP.config))
        ref = ImageRef.parse(registry.name("prod/web", "1.0"))
        with pytest.raises(UnavailableError):
            await asked.facts(ref, CONFIG, configured(registry.host))

        found = await asked.facts(ref, frozenset({Need.DIGEST}), configured(registry.host))
    assert found == ImageFacts(digest=digest, source=registry.host)


async def test_plain_http_and_private_addresses_are_spoken_to_only_on_request() -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", APP)
        name = registry.name("prod/web", digest)

        assert (await why(name, plain_http=False)).reason is Reason.UNTRUSTED_TLS
        assert (await why(name, allow_private_addresses=False)).reason is Reason.UNREACHABLE
        assert registry.lines() == []


async def test_a_registry_over_tls_is_believed_by_its_bundle(tmp_path: Path) -> None:
    signed = self_signed()
    certificate, key = signed.write(tmp_path, "registry")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with DemoRegistry(tls=context) as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        name = registry.name("prod/web", digest)

        assert (await why(name, plain_http=False)).reason is Reason.UNTRUSTED_TLS
        assert (await why(name, plain_http=False, ca_bundle="x")).reason is Reason.UNTRUSTED_TLS
        found = await facts(name, asked, plain_http=False, ca_bundle=signed.certificate_pem)
    assert found.complete
