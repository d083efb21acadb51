"""`cocket policy simulate` beside an API server: one look, judged twice, and never a write."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.world import BAD, DEPLOYMENTS, GOOD, PODS, TAG, World, pod_spec, template
from tests.audit.world import world as audit_world
from tests.builders import DIGEST, LABELS
from tests.cli.checking import policy, write
from tests.cli.cluster_processes import write_kubeconfig
from tests.cli.runs import cocket
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.recorded import name_of, spec_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from click.testing import Result

API = "/apis/cocket.dev/v1alpha1"


class Cluster:
    """A cluster in which one policy warns of tags, and the command beside it."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.kubeconfig = write_kubeconfig(folder, world.api.server)
        registry = {"host": "registry.example.com", "environment": "production"}
        world.server.put(f"{API}/registries", "prod", spec=registry)
        spec = {"mode": "warn", "rules": {"digest": {}}}
        world.server.put(f"{API}/clusterimagepolicies", "main", spec=spec)
        for namespace in ("shop", "bank"):
            world.server.put("/api/v1/namespaces", namespace)
        config = ImageConfig(
            os="linux",
            architecture="amd64",
            entrypoint=("/sbin/tini", "--"),
            cmd=("/app",),
            labels=tuple(sorted(LABELS.items())),
        )
        facts = ImageFacts(digest=DIGEST, platforms=(PlatformImage("linux/amd64", "", config),))
        recorded = spec_of(facts, image=GOOD, registries=["prod"])
        world.server.put(f"{API}/imagefacts", name_of(DIGEST), spec=recorded)
        world.put(PODS, "good", spec=pod_spec(GOOD))
        world.put(PODS, "tagged", spec=pod_spec(TAG))
        world.put(DEPLOYMENTS, "resting", spec=template(TAG), namespace="bank")

    async def simulate(self, *arguments: str | Path, stdin: str = "") -> Result:
        common = ("--kubeconfig", self.kubeconfig, "--offline")
        return await asyncio.to_thread(
            cocket, "policy", "simulate", *common, *arguments, stdin=stdin
        )

    async def changes(self, text: str, *arguments: str) -> dict[str, str]:
        """What changes for whom, by the name of the owner."""
        done = await self.simulate("-o", "json", *arguments, self.file(text))
        assert done.exit_code in {0, 1, 3}, done.output
        return {one["owner"]["name"]: one["change"] for one in found(done)["changes"]}

    def file(self, text: str) -> Path:
        return write(self.folder / "new.yaml", text)


def found(done: Result) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(done.stdout)
    return whole


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with audit_world() as world:
        yield Cluster(world, tmp_path)


async def test_a_stricter_policy_says_whom_it_would_refuse(cluster: Cluster) -> None:
    done = await cluster.simulate(cluster.file(policy("main", more="mode: enforce")))

    assert done.exit_code == 1
    assert done.stderr == ""
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert lines[-1] == (
        "3 owners with 2 Pods: 2 newly refused, 0 newly admitted, 1 as before; "
        "refused: 0 now, 2 then"
    )
    assert lines[:-1] == [
        "replaced: ClusterImagePolicy main",
        "✗ Deployment bank/resting (0 Pods): newly refused; warned now, refused then",
        "✗ Pod shop/tagged (1 Pod): newly refused; warned now, refused then",
    ]


async def test_each_kind_of_document_may_change_something(cluster: Cluster) -> None:
    local = policy("local").replace("ClusterImagePolicy", "ImagePolicy")
    local = local.replace("{name: local}", "{name: local, namespace: bank}")

    assert await cluster.changes(policy("second", rules="init: {}")) == {
        # Nobody is asked, and nothing is recorded of tags.
        "resting": "newlyRefused",
        "tagged": "newlyRefused",
    }
    assert await cluster.changes(local) == {"resting": "newlyRefused"}
    assert await cluster.changes(policy("main", more="mode: audit")) == {
        "resting": "noMoreWarned",
        "tagged": "noMoreWarned",
    }
    assert await cluster.changes(policy("main", more="mode: warn")) == {}


@pytest.mark.parametrize(
    ("days", "more"), [(1, ()), (120, ("--max-exception-days", "200"))], ids=str
)
async def test_an_exception_admits_what_is_refused_now(
    days: int, more: tuple[str, ...], cluster: Cluster
) -> None:
    spec = {"mode": "enforce", "rules": {"digest": {}}}
    cluster.world.server.put(f"{API}/clusterimagepolicies", "main", spec=spec)
    exception = (
        "apiVersion: cocket.dev/v1alpha1\nkind: ImageException\n"
        "metadata: {name: late, namespace: security}\n"
        "spec: {rules: [digest], namespaces: [shop], image: registry.example.com/prod/web, "
        f"reason: soon, expires: {in_days(days)}}}\n"
    )

    here = await cluster.changes(exception, "--exception-namespace", "security", *more)
    elsewhere = await cluster.simulate(cluster.file(exception))

    assert here == {"tagged": "newlyAdmitted"}
    assert elsewhere.exit_code == 2
    assert "new.yaml:1: ImageException security/late: exceptions are honoured" in elsewhere.stderr


async def test_nothing_newly_refused_is_good_and_unknown_is_not(cluster: Cluster) -> None:
    good = await cluster.simulate(cluster.file(policy("main", more="mode: warn")))
    unsure = policy("second", rules="init: {}", more="onUnknown: warn\nmode: warn")
    unknown = await cluster.simulate("-o", "json", cluster.file(unsure))

    assert good.exit_code == 0
    assert unknown.exit_code == 3
    assert found(unknown)["summary"]["unknown"] == 2


async def test_only_what_is_chosen_is_looked_at(cluster: Cluster) -> None:
    strict = policy("main", more="mode: enforce")

    assert await cluster.changes(strict, "-n", "bank") == {"resting": "newlyRefused"}
    assert await cluster.changes(strict, "--exclude-namespace", "shop") == {
        "resting": "newlyRefused"
    }


async def test_the_first_policy_of_a_cluster_can_be_simulated(cluster: Cluster) -> None:
    cluster.world.server.drop(f"{API}/clusterimagepolicies", "main")
    cluster.world.put(PODS, "bad", spec=pod_spec(BAD))

    assert await cluster.changes(policy("first")) == {
        "resting": "newlyRefused",
        "tagged": "newlyRefused",
    }
    only = cluster.file(
        "apiVersion: cocket.dev/v1alpha1\nkind: Registry\nmetadata: {name: a}\nspec: {host: a.b}\n"
    )
    assert "no policy is in force" in (await cluster.simulate(only)).stderr


async def test_a_document_may_come_by_a_pipe(cluster: Cluster) -> None:
    done = await cluster.simulate("-o", "markdown", "-", stdin=policy("main"))

    assert done.exit_code == 1
    assert done.stdout.startswith(
        "**cocket policy simulate**: <code>ClusterImagePolicy main</code>"
    )
    assert done.stdout.count("| ✗ |") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no document, so nothing would change"),
        (policy(rules="digset: {}"), "new.yaml:1: ClusterImagePolicy test: spec.rules.digset"),
        ("kind: Pod\napiVersion: v1\n", "new.yaml:1: kind: Pod is no kind of policy"),
        ("a: [", "new.yaml:"),
    ],
)
async def test_a_document_that_cannot_be_used_is_no_simulation(
    cluster: Cluster, text: str, said: str
) -> None:
    done = await cluster.simulate(cluster.file(text))

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


async def test_what_cannot_be_listed_is_said_and_is_not_good(cluster: Cluster) -> None:
    cluster.world.server.refuse("GET", "/deployments$", 403, "Forbidden")
    done = await cluster.simulate("-o", "json", cluster.file(policy("main", more="mode: warn")))

    assert done.exit_code == 3
    assert any("deployments could not be listed" in one for one in found(done)["missing"])


def test_the_group_explains_itself() -> None:
    done = cocket("policy", "--help")
    inner = cocket("policy", "simulate", "--help")

    assert done.exit_code == inner.exit_code == 0
    assert "simulate" in done.stdout
    assert "Examples:" in inner.stdout
    assert [line for line in inner.stdout.splitlines() if len(line) > 80] == []


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
