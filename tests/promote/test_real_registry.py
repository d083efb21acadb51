"""Promotions between two of Debian's docker-registry, looked at with crane."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.promote.keys import signer
from tests.promote.promoting import WHEN, Watching
from tests.promote.relay import relay
from tests.servers import PASSWORD, USER, RealRegistry, real_registry
from tests.tools import require_tool
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.images import Built, image, index, sha256
from webhook.promote.blobs import copy_blob
from webhook.promote.destination import Destination
from webhook.promote.parts import Blob
from webhook.promote.promotion import Outcome, promote
from webhook.promote.statement import Build, Promoted
from webhook.registry.client import open_client
from webhook.registry.envelopes import signers
from webhook.registry.evidence import read_evidence
from webhook.registry.limits import Limits
from webhook.registry.manifests import Descriptor
from webhook.registry.realm import RepositoryAccess
from webhook.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.servers import Auth
    from webhook.promote.signing import Signer

pytestmark = pytest.mark.tool("docker-registry")

MIB = 1024 * 1024
WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"])
BOTH = index([WEB, image(entrypoint=["/app"], architecture="arm64")], attestations=True)


def settings(name: str, real: RealRegistry, docker_config: Path | None = None) -> Registry:
    return Registry(
        name=name,
        host=real.host,
        allow_private_addresses=True,
        plain_http=not real.ca_pem,
        ca_bundle=real.ca_pem,
        token_realm=real.tokens.host if real.tokens else "",
        docker_config_file=str(docker_config or ""),
    )


@asynccontextmanager
async def registries(
    folder: Path, auth: Auth = "none", *, tls: bool = False
) -> AsyncIterator[tuple[RealRegistry, RealRegistry]]:
    for name in ("source", "target"):
        (folder / name).mkdir()
    async with (
        real_registry(folder / "source") as source,
        real_registry(folder / "target", auth, tls=tls) as target,
    ):
        yield source, target


async def promoted(
    source: RealRegistry,
    target: RealRegistry,
    built: Built,
    *,
    folder: Path,
    signing: Signer | None = None,
    repositories: tuple[str, str] = ("preprod/web", "prod/web"),
) -> Outcome:
    config = folder / "docker.json"
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    config.write_text(json.dumps({"auths": {target.host: {"auth": auth}}}))
    where = Destination(
        ImageRef(source.host, repositories[0], None, built.digest),
        settings("preprod", source),
        ImageRef(target.host, repositories[1], None, built.digest),
        settings("prod", target, config if target.auth != "none" else None),
    )
    client = open_client()
    try:
        return await promote(
            client,
            where,
            Watching(),
            tags=["1.1"],
            promoted=Promoted(
                source=where.source,
                target=where.target,
                when=WHEN,
                who="ci",
                build=Build(),
                checks=(),
                version="test",
            ),
            signer=signing,
        )
    finally:
        await client.close()


async def crane(*arguments: str) -> str:
    program = require_tool("crane")
    process = await asyncio.create_subprocess_exec(
        program, *arguments, "--insecure", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode().strip()


@pytest.mark.tool("crane")
@pytest.mark.parametrize("built", [WEB, image(docker=True), BOTH], ids=["oci", "docker", "index"])
async def test_crane_sees_the_same_digest_on_both_sides(tmp_path: Path, built: Built) -> None:
    async with registries(tmp_path) as (source, target):
        await source.push("preprod/web", built, "1.0")

        await promoted(source, target, built, folder=tmp_path)

        before = await crane("digest", source.name("preprod/web", "1.0"))
        after = await crane("digest", target.name("prod/web", "1.1"))
        assert before == after == built.digest
        # crane reads manifest, config and layers of an image, and compares each with its digest.
        one = built.children[0] if built.children else built
        await crane("validate", "--remote", target.name("prod/web", one.digest))


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
async def test_it_logs_in_to_push(tmp_path: Path, auth: Auth) -> None:
    async with registries(tmp_path, auth) as (source, target):
        await source.push("preprod/web", WEB)

        outcome = await promoted(source, target, WEB, folder=tmp_path)

        assert outcome.copied.blobs == 2
        if target.tokens is not None:
            assert f"{USER} repository:prod/web:pull,push" in target.tokens.lines


async def test_it_goes_over_tls(tmp_path: Path) -> None:
    async with registries(tmp_path, tls=True) as (source, target):
        await source.push("preprod/web", WEB)

        outcome = await promoted(source, target, WEB, folder=tmp_path)

        assert outcome.copied.blobs == 2


async def test_within_one_registry_the_blobs_are_mounted(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as both:
        await both.push("preprod/web", BOTH)
        before = len(both.lines())

        await promoted(both, both, BOTH, folder=tmp_path)

        lines = both.lines()[before:]
        assert sum("mount=" in line for line in lines) == len(
            {blob for one in BOTH.children for blob in one.blobs}
        )
        assert not any(line.startswith("GET") and "/blobs/" in line for line in lines[:-4])


async def test_evidence_is_found_where_there_is_no_referrers_api(tmp_path: Path) -> None:
    key = signer(tmp_path)
    async with registries(tmp_path) as (source, target):
        await source.push("preprod/web", WEB)
        await promoted(source, target, WEB, folder=tmp_path, signing=key)
        again = await promoted(source, target, WEB, folder=tmp_path, signing=key)

        client = open_client()
        try:
            ref = ImageRef(target.host, "prod/web")
            access = await client.access(ref, settings("prod", target))
            (evidence,) = (await read_evidence(access, WEB.digest, 10)).evidence
        finally:
            await client.close()

        assert evidence.manifest == again.evidence
        assert signers(evidence.body, WEB.digest, [key.public]) == {key.public.fingerprint}


async def test_a_second_promotion_writes_nothing(tmp_path: Path) -> None:
    async with registries(tmp_path) as (source, target):
        await source.push("preprod/web", BOTH)
        await promoted(source, target, BOTH, folder=tmp_path)
        before = len(target.lines())

        outcome = await promoted(source, target, BOTH, folder=tmp_path)

        assert {line.split()[0] for line in target.lines()[before:]} <= {"GET", "HEAD"}
        assert outcome.copied.bytes == 0


async def test_a_blob_whose_connection_breaks_is_asked_for_from_there_on(tmp_path: Path) -> None:
    body = os.urandom(14 * MIB)
    digest = sha256(body)
    async with registries(tmp_path) as (source, target), relay(source.host) as wire:
        client = open_client(limits=Limits(breaking=False))
        try:
            pushing = RepositoryAccess(actions="pull,push")
            there = await client.access(
                ImageRef(source.host, "preprod/web"), settings("preprod", source), pushing
            )
            place = await Uploads(there).begin(digest)
            assert place is not None

            async def pieces() -> AsyncIterator[bytes]:
                for begin in range(0, len(body), MIB):
                    yield body[begin : begin + MIB]

            soon = asyncio.get_running_loop().time() + 30
            await Uploads(there).send(place, pieces, len(body), soon)
            broken = msgspec.structs.replace(settings("preprod", source), host=wire.host)
            reading = await client.access(ImageRef(wire.host, "preprod/web"), broken)
            writing = await client.access(
                ImageRef(target.host, "prod/web"), settings("prod", target), pushing
            )
            wire.cuts = [5 * MIB, 5 * MIB]
            watching = Watching()

            await copy_blob(Blob(digest, len(body)), reading, writing, watching.moved)

            # Begun anew it would have broken off once more, and have gone in vain.
            assert (watching.went, watching.vain) == (len(body), 0)
            stored = await writing.reading(10).blob(Descriptor("", digest, len(body)), "it")
            assert stored == body
        finally:
            await client.close()
