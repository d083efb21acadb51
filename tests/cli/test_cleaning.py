"""`cocket registry clean` against a real registry and an API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.runs import cocket
from tests.cluster.api_server import ApiServer, api_server
from tests.servers import PASSWORD, USER, RealRegistry, real_registry
from webhook.demo.images import image, index

pytestmark = pytest.mark.tool("docker-registry")

FACTS = "/apis/cocket.dev/v1alpha1/imagefacts"
LEASES = "/apis/coordination.k8s.io/v1/leases"
PODS = "/api/v1/pods"
MICRO_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
OLD = image(cmd=["/old"], created="2024-01-01T00:00:00Z")
USED = image(cmd=["/used"], created="2024-01-02T00:00:00Z")
ARM = image(cmd=["/used"], architecture="arm64", created="2024-01-02T00:00:00Z")
NEWEST = image(cmd=["/newest"], created="2024-06-01T00:00:00Z")
BOTH = index([USED, ARM])


class World(msgspec.Struct):
    """A registry with four images, a cluster that uses one of them, and files that name both."""

    registry: RealRegistry
    server: ApiServer
    folder: Path

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """In a thread, because the command brings an event loop of its own."""
        files = ("--policy", f"{self.folder}/registries.yaml")
        login = ("--kubeconfig", f"{self.folder}/kubeconfig")
        words = ("registry", "clean", "prod", *files, "--keep", "1", *login, *arguments)
        result = await asyncio.to_thread(cocket, *words)
        return result.exit_code, result.stdout, result.stderr

    def renew(self, ago: timedelta = timedelta()) -> None:
        """The operator's Lease, renewed some time ago."""
        spec = {"holderIdentity": "a", "renewTime": f"{datetime.now(UTC) - ago:{MICRO_TIME}}"}
        self.server.put(LEASES, "cocket-operator", "cocket-system", spec=spec)

    def start(self, digest: str) -> None:
        """A Pod that nobody has recorded yet."""
        image = f"{self.registry.host}/prod/web@{digest}"
        self.server.put(PODS, "new", "shop", spec={"containers": [{"image": image}]})

    async def has(self, digest: str) -> bool:
        return await self.registry.holds("prod/web", digest)


def files(folder: Path, registry: RealRegistry, server: str) -> None:
    spec: dict[str, Any] = {
        "host": f"{registry.host}/prod",
        "environment": "production",
        "allowPrivateAddresses": True,
        "tls": {"plainHTTP": True},
    }
    if registry.auth != "none":
        auths = {registry.host: {"username": USER, "password": PASSWORD}}
        (folder / "docker.json").write_text(json.dumps({"auths": auths}))
        spec["credentials"] = {"dockerConfigFile": str(folder / "docker.json")}
    if registry.tokens is not None:
        spec["tokenRealm"] = registry.tokens.host
    document = {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "Registry",
        "metadata": {"name": "prod"},
        "spec": spec,
    }
    (folder / "registries.yaml").write_text(json.dumps(document))
    contexts = [
        {"name": name, "context": {"cluster": name, "user": "me"}} for name in ("eu", "gone")
    ]
    clusters = [
        {"name": "eu", "cluster": {"server": server}},
        {"name": "gone", "cluster": {"server": "http://127.0.0.1:1"}},
    ]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "eu",
        "contexts": contexts,
        "clusters": clusters,
        "users": [{"name": "me", "user": {"token": "t0ken"}}],
    }
    (folder / "kubeconfig").write_text(json.dumps(config))


@pytest.fixture
async def world(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    options = getattr(request, "param", {"deletes": True})
    (tmp_path / "registry").mkdir()
    async with (
        real_registry(tmp_path / "registry", **options) as registry,
        api_server() as (server, api),
    ):
        await registry.push("prod/web", OLD, "1")
        await registry.push("prod/web", BOTH, "2")
        await registry.push("prod/web", NEWEST, "3")
        await registry.push("preprod/web", OLD, "1")
        name = USED.digest.replace(":", "-")
        server.put(FACTS, name, spec={"digest": USED.digest, "platforms": []})
        files(tmp_path, registry, api.server)
        world = World(registry, server, tmp_path)
        world.renew()
        yield world


async def test_a_report_tells_what_may_go_and_why_the_rest_stays(world: World) -> None:
    code, out, err = await world.run("--context", "eu")

    assert code == 0, err
    assert (
        out.splitlines()
        == [
            "prod/web: kept: 1 among the newest, 2 in use, 1 part of an image that is kept",
            f"    {OLD.digest[:19]}  2024-01-01  1: old, and nobody uses it",
        ]
        or "in use" in out
    )
    assert "1 clusters were asked" in err
    assert await world.has(OLD.digest)


async def test_what_is_listed_is_deleted_and_nothing_else(world: World) -> None:
    code, _, err = await world.run("--context", "eu", "--delete", "--yes")

    assert (code, "1 manifests were deleted" in err) == (0, True), err
    assert not await world.has(OLD.digest)
    for kept in (BOTH, USED, ARM, NEWEST):
        assert await world.has(kept.digest)
    code, out, _ = await world.run("--context", "eu", "--delete", "--yes", "-o", "json")
    assert code == 0
    assert json.loads(out)["repositories"][0]["unneeded"] == []


async def test_what_is_used_by_nobody_goes_with_its_platforms(world: World) -> None:
    other = image(cmd=["/other"]).digest
    world.server.drop(FACTS, USED.digest.replace(":", "-"))
    world.server.put(FACTS, other.replace(":", "-"), spec={"digest": other})
    code, out, _ = await world.run("--context", "eu", "--delete", "--yes", "-o", "json")

    assert code == 0
    (found,) = json.loads(out)["repositories"]
    assert {one["digest"] for one in found["unneeded"]} == {
        OLD.digest,
        BOTH.digest,
        USED.digest,
        ARM.digest,
    }
    assert found["freedBytes"] > 0
    assert await world.has(NEWEST.digest)
    assert not await world.has(ARM.digest)


UNKNOWN = (
    (("--delete", "--yes"), 1, "name every cluster that pulls from here with --context"),
    (("--delete", "--context", "eu"), 1, "nobody said yes"),
    (("--delete", "--yes", "--context", "gone"), 3, "cluster gone: "),
    (("--delete", "--yes", "--context", "eu", "--context", "gone"), 3, "cluster gone: "),
    (("--delete", "--yes", "--context", "none"), 2, "none"),
)


async def test_without_knowing_what_runs_or_a_yes_nothing_is_deleted(world: World) -> None:
    for arguments, code, said in UNKNOWN:
        found, _, err = await world.run(*arguments)

        assert (found, said in err) == (code, True), err
        assert await world.has(OLD.digest)


async def test_a_cluster_that_records_nothing_is_no_proof(world: World) -> None:
    world.server.drop(FACTS, USED.digest.replace(":", "-"))
    code, _, err = await world.run("--context", "eu", "--delete", "--yes")

    assert code == 1
    assert "cluster eu has no ImageFacts: does `cocket operate` run there?" in err
    assert await world.has(OLD.digest)


async def test_records_of_an_operator_that_died_are_no_proof(world: World) -> None:
    world.renew(timedelta(days=50))
    code, _, err = await world.run("--context", "eu", "--delete", "--yes")

    assert code == 1
    assert "cluster eu has no operator that records what is in use: the Lease" in err
    assert "for the last time" in err
    assert await world.has(OLD.digest)


async def test_what_a_pod_names_is_in_use_before_it_is_recorded(world: World) -> None:
    world.start(OLD.digest)
    code, _, err = await world.run("--context", "eu", "--delete", "--yes")

    assert code == 0, err
    assert await world.has(OLD.digest)


async def once_asked(world: World, then: Callable[[], None]) -> None:
    """Do it after the cluster was asked for the first time."""
    while f"GET {PODS}" not in world.server.asked:  # noqa: ASYNC110 - its thread tells nobody
        await asyncio.sleep(0.001)
    then()


async def test_what_is_deployed_after_the_report_stays(world: World) -> None:
    (_, (code, out, err)) = await asyncio.gather(
        once_asked(world, lambda: world.start(OLD.digest)),
        world.run("--context", "eu", "--delete", "--yes"),
    )

    assert code == 0, err
    assert OLD.digest[:19] in out
    assert "0 manifests were deleted; 1 are in use by now, or needed by what is, and stay" in err
    assert await world.has(OLD.digest)


async def test_an_operator_that_dies_after_the_report_ends_it(world: World) -> None:
    (_, (code, _, err)) = await asyncio.gather(
        once_asked(world, lambda: world.renew(timedelta(minutes=2))),
        world.run("--context", "eu", "--delete", "--yes"),
    )

    assert code == 1
    assert "nothing more is deleted: cluster eu has no operator" in err
    assert await world.has(OLD.digest)


@pytest.mark.parametrize("world", [{"deletes": False}], indirect=True)
async def test_a_registry_that_deletes_nothing_says_so(world: World) -> None:
    code, _, err = await world.run("--context", "eu", "--delete", "--yes")

    assert code == 3
    assert "deletes nothing (405)" in err
    assert "0 manifests were deleted" in err


@pytest.mark.parametrize(
    "world",
    [{"auth": "htpasswd", "deletes": True}, {"auth": "token", "deletes": True}],
    indirect=True,
    ids=["htpasswd", "token"],
)
async def test_with_a_login_it_is_the_same(world: World) -> None:
    only = () if world.registry.auth == "htpasswd" else ("--repository", "web")
    code, _, err = await world.run("--context", "eu", "--delete", "--yes", *only)

    assert code == 0, err
    assert not await world.has(OLD.digest)
    assert await world.has(USED.digest)


async def test_a_catalog_that_is_not_told_asks_for_names(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    async with real_registry(tmp_path / "registry", "htpasswd") as registry:
        files(tmp_path, registry, "http://127.0.0.1:1")
        (tmp_path / "docker.json").write_text("{}")
        world = World(registry, ApiServer(), tmp_path)
        code, _, err = await world.run()

    assert code == 3
    assert "repositories of" in err
