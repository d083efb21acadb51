"""The client against Debian's docker-registry: what it learns, and how often it asks."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.attesting import DSSE, SLSA_1, SPDX, attesting, buildkit, envelope, slsa_1, spdx
from tests.servers import PASSWORD, USER, RealRegistry, real_registry
from webhook.core.build import Place
from webhook.core.facts import ImageFacts, Need, Reason
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.images import Built, image, index
from webhook.errors import RegistryError
from webhook.registry.attestations import Question, attestations
from webhook.registry.client import open_client
from webhook.registry.indexes import indexes
from webhook.registry.statements import Kind

pytestmark = pytest.mark.tool("docker-registry")

BOTH = frozenset({Need.DIGEST, Need.CONFIG})
DIGEST = frozenset({Need.DIGEST})
WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels={"team": "shop"})


def configured(real: RealRegistry, config_file: Path | None = None) -> Registry:
    return Registry(
        name="real",
        host=real.host,
        allow_private_addresses=True,
        plain_http=not real.ca_pem,
        ca_bundle=real.ca_pem,
        token_realm=real.tokens.host if real.tokens else "",
        docker_config_file=str(config_file or ""),
    )


def docker_config(folder: Path, real: RealRegistry, password: str = PASSWORD) -> Path:
    """What `docker login` writes."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    path = folder / "docker.json"
    path.write_text(json.dumps({"auths": {real.host: {"auth": auth}}}))
    return path


async def learn(registry: Registry, name: str, needs: frozenset[Need] = BOTH) -> ImageFacts:
    """Ask with a client that knows nothing yet."""
    client = open_client()
    try:
        return await client.facts(ImageRef.parse(name), needs, registry)
    finally:
        await client.close()


@asynccontextmanager
async def asked(real: RealRegistry) -> AsyncIterator[list[str]]:
    """Fills the list with what the registry was asked meanwhile."""
    before = len(real.lines())
    lines: list[str] = []
    yield lines
    lines += real.lines()[before:]


@pytest.mark.parametrize("built", [WEB, image(docker=True)], ids=["oci", "docker"])
@pytest.mark.parametrize("by", ["tag", "digest"])
async def test_an_image_is_learned_by_tag_and_by_digest(
    tmp_path: Path, built: Built, by: str
) -> None:
    async with real_registry(tmp_path) as real:
        digest = await real.push("prod/web", built, "1.0")

        facts = await learn(
            configured(real), real.name("prod/web", "1.0" if by == "tag" else digest)
        )

        (platform,) = facts.platforms
        assert (facts.digest, platform.platform) == (digest, "linux/amd64")
        assert platform.config.entrypoint == (() if built is not WEB else ("/sbin/tini", "--"))
        assert dict(platform.config.labels) == ({} if built is not WEB else {"team": "shop"})


async def test_a_cold_image_by_digest_costs_one_manifest_and_one_config(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as real:
        digest = await real.push("prod/web", WEB)

        async with asked(real) as lines:
            await learn(configured(real), real.name("prod/web", digest))

        assert [line.split("/")[-2] for line in lines] == ["manifests", "blobs"]
        assert {line.split()[0] for line in lines} == {"GET"}


async def test_a_known_image_costs_nothing(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as real:
        digest = await real.push("prod/web", WEB)
        ref = ImageRef.parse(real.name("prod/web", digest))
        client = open_client()
        try:
            first = await client.facts(ref, BOTH, configured(real))
            async with asked(real) as lines:
                second = await client.facts(ref, BOTH, configured(real))
        finally:
            await client.close()

        assert first == second
        assert lines == []


async def test_every_platform_of_an_index_is_learned_and_no_attestation(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as real:
        arm = image(entrypoint=["/app"], architecture="arm64", variant="v8")
        both = index([WEB, arm], attestations=True)
        digest = await real.push("prod/web", both, "1.0")

        async with asked(real) as lines:
            facts = await learn(configured(real), real.name("prod/web", digest))

        assert facts.digest == digest
        assert [(one.platform, one.digest) for one in facts.platforms] == [
            ("linux/amd64", WEB.digest),
            ("linux/arm64/v8", arm.digest),
        ]
        assert len(lines) == 5  # the index, and a manifest and a config for each platform


async def test_only_a_digest_is_learned_where_no_rule_wants_more(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as real:
        digest = await real.push("prod/web", WEB, "1.0")

        async with asked(real) as lines:
            facts = await learn(configured(real), real.name("prod/web", "1.0"), DIGEST)

        assert facts.digest == digest
        assert not any("/blobs/" in line for line in lines)


async def test_it_is_believed_over_tls_by_its_own_ca(tmp_path: Path) -> None:
    async with real_registry(tmp_path, tls=True) as real:
        digest = await real.push("prod/web", WEB, "1.0")

        facts = await learn(configured(real), real.name("prod/web", "1.0"))
        unknown_ca = Registry(name="real", host=real.host, allow_private_addresses=True)
        with pytest.raises(RegistryError) as stranger:
            await learn(unknown_ca, real.name("prod/web", "1.0"))

        assert facts.digest == digest
        assert stranger.value.reason is Reason.UNTRUSTED_TLS


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
async def test_the_right_password_opens_it_and_a_wrong_one_does_not(
    tmp_path: Path, auth: str
) -> None:
    async with real_registry(tmp_path, "token" if auth == "token" else "htpasswd") as real:
        digest = await real.push("prod/web", WEB, "1.0")
        name = real.name("prod/web", digest)

        right = docker_config(tmp_path, real)
        facts = await learn(configured(real, right), name)
        refusals = []
        for file in (docker_config(tmp_path, real, "wrong"), None):
            with pytest.raises(RegistryError) as refused:
                await learn(configured(real, file), name)
            refusals.append(refused.value)

        assert facts.digest == digest
        assert [error.reason for error in refusals] == [Reason.UNAUTHORIZED] * 2
        assert not any(PASSWORD in str(error) for error in refusals)


async def test_one_token_is_enough_for_one_repository(tmp_path: Path) -> None:
    async with real_registry(tmp_path, "token") as real:
        assert real.tokens is not None
        both = index([WEB, image(architecture="arm64")])
        digest = await real.push("prod/web", both)
        real.tokens.lines.clear()

        await learn(configured(real, docker_config(tmp_path, real)), real.name("prod/web", digest))

        assert real.tokens.lines == [f"{USER} repository:prod/web:pull"]


async def test_anybody_may_pull_what_is_public(tmp_path: Path) -> None:
    async with real_registry(tmp_path, "token") as real:
        assert real.tokens is not None
        digest = await real.push("public/web", WEB, "1.0")

        facts = await learn(configured(real), real.name("public/web", "1.0"))

        assert facts.digest == digest
        assert real.tokens.lines[-1] == "- repository:public/web:pull"


@pytest.mark.parametrize("reference", ["2.0", "sha256:" + "0" * 64])
async def test_what_is_not_there_is_not_found(tmp_path: Path, reference: str) -> None:
    async with real_registry(tmp_path) as real:
        await real.push("prod/web", WEB, "1.0")

        for repository in ("prod/web", "prod/other"):
            with pytest.raises(RegistryError) as missing:
                await learn(configured(real), real.name(repository, reference))

            assert missing.value.reason is Reason.NOT_FOUND


async def test_attestations_are_found_where_it_has_no_referrers_api(tmp_path: Path) -> None:
    """In the index as BuildKit puts them there, and under cosign's tag."""
    attested = buildkit(WEB, (SLSA_1, slsa_1()))
    body = envelope((SPDX, spdx()), WEB.digest)
    signed = attesting([(body, DSSE, {"predicateType": SPDX})])
    async with real_registry(tmp_path) as real:
        digest = await real.push("prod/web", attested)
        await real.push("prod/web", signed, f"{WEB.digest.replace(':', '-')}.att")
        ref = ImageRef.parse(real.name("prod/web", digest))
        client = open_client()
        try:
            access = await client.access(ref, configured(real))
            top = await client.top(ref, configured(real))
            held = await indexes(access, top, 10.0)
            asked = Question(digest=WEB.digest, indexes=held, wanted=frozenset(Kind))
            found = await attestations(access, asked, 10.0)
        finally:
            await client.close()

    places = {kind: one.voucher.place for kind, one in found.by_kind.items()}
    assert places == {Kind.PROVENANCE: Place.INDEX, Kind.SBOM: Place.TAG}
    assert found.problems == ()
