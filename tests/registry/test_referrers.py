"""What is attached to an image, from the API and from the tag."""

from __future__ import annotations

import json

import pytest

from tests.registry.asking import client, configured
from webhook.core.image import ImageRef
from webhook.demo.faults import Fault
from webhook.demo.images import OCI_INDEX, OCI_MANIFEST, image
from webhook.demo.registry import DemoRegistry
from webhook.errors import BadContentError, RegistryError
from webhook.registry.referrers import Referrers, fallback_tag, read_entries, referrers

SUBJECT = image(cmd=["/app"]).digest
API = f"/v2/prod/web/referrers/{SUBJECT}"


def listing(*digits: str) -> bytes:
    entries = [
        {"mediaType": OCI_MANIFEST, "digest": f"sha256:{one * 32}", "size": 5, "artifactType": one}
        for one in digits
    ]
    return json.dumps({"schemaVersion": 2, "manifests": entries}).encode()


async def ask(registry: DemoRegistry) -> Referrers:
    async with client() as asked:
        ref = ImageRef.parse(f"{registry.host}/prod/web")
        access = await asked.access(ref, configured(registry.host))
        return await referrers(access, SUBJECT, 10)


def types(found: Referrers) -> list[str]:
    return [one.artifact_type for one in found.entries]


async def test_both_lists_are_read_and_each_digest_is_there_once() -> None:
    async with DemoRegistry() as registry:
        registry.referrers = True
        registry.fault(API, Fault(body=listing("aa", "bb")))
        registry.put_manifest("prod/web", listing("bb", "cc"), OCI_INDEX, tag=fallback_tag(SUBJECT))

        found = await ask(registry)

        assert (types(found), found.api) == (["aa", "bb", "cc"], True)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404),
        Fault(status=405),
        Fault(body=b"<html>", headers=(("Content-Type", "text/html"),)),
    ],
    ids=["the spec's way", "another way", "a proxy's page"],
)
async def test_without_the_api_the_tag_is_the_list(fault: Fault) -> None:
    async with DemoRegistry() as registry:
        registry.referrers = True
        registry.fault(API, fault)
        registry.put_manifest("prod/web", listing("cc"), OCI_INDEX, tag=fallback_tag(SUBJECT))

        found = await ask(registry)

        assert (types(found), found.api) == (["cc"], False)


async def test_pages_are_followed_on_the_registry_itself() -> None:
    async with DemoRegistry() as registry:
        registry.referrers = True
        link = ("Link", f'<{API}?n=1&last=aa>; rel="next"')
        registry.fault(API, Fault(body=listing("aa"), headers=(link,)), Fault(body=listing("bb")))

        assert types(await ask(registry)) == ["aa", "bb"]


async def test_pages_elsewhere_are_not_followed() -> None:
    async with DemoRegistry() as registry:
        registry.referrers = True
        link = ("Link", f'<http://{registry.elsewhere}/more>; rel="next"')
        registry.fault(API, Fault(body=listing("aa"), headers=(link,)))

        with pytest.raises(BadContentError, match="continues its list at"):
            await ask(registry)


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_refusal_is_no_empty_list(status: int) -> None:
    async with DemoRegistry() as registry:
        registry.referrers = True
        registry.fault(API, Fault(status=status, headers=(("Retry-After", "99"),)), times=9)

        with pytest.raises(RegistryError, match=str(status)):
            await ask(registry)


async def test_a_tag_of_that_name_that_is_an_image_is_no_list() -> None:
    async with DemoRegistry() as registry:
        registry.add("prod/web", image(), fallback_tag(SUBJECT))

        assert (await ask(registry)).entries == ()


def test_entries_that_could_be_no_manifest_are_left_out() -> None:
    good = {"mediaType": OCI_MANIFEST, "digest": f"sha256:{'ab' * 32}", "size": 5}
    bad = [
        "text",
        good | {"mediaType": "text/html"},
        good | {"digest": "sha256:ab"},
        good | {"size": 1 << 40},
        good | {"size": "5"},
    ]

    found = read_entries(json.dumps({"manifests": [*bad, good]}).encode())

    assert [one.descriptor.size for one in found] == [5]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"manifests": [' + b"1," * 1000 + b"1]}"])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(BadContentError):
        read_entries(body)
