"""`cocket audit` beside an API server: what it reads, prints and exits with."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.world import BAD, DEPLOYMENTS, GOOD, PODS, REPLICA_SETS, World, pod_spec, template
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
REGISTRY = {"host": "registry.example.com", "environment": "production"}
RULES: dict[str, Any] = {"digest": {}, "provenance": {}, "init": {}}


class Cluster:
    """A cluster with Cocket in it, and the command beside it."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.server = world.server
        self.folder = folder
        self.kubeconfig = write_kubeconfig(folder, world.api.server)

    def install(self, mode: str = "enforce") -> None:
        """One Registry, one policy, and facts about `GOOD`."""
        self.server.put(f"{API}/registries", "prod", spec=REGISTRY)
        self.server.put(f"{API}/clusterimagepolicies", "all", spec={"mode": mode, "rules": RULES})
        for namespace in ("shop", "bank", "kube-system"):
            self.server.put("/api/v1/namespaces", namespace)
        config = ImageConfig(
            os="linux",
            architecture="amd64",
            entrypoint=("/sbin/tini", "--"),
            cmd=("/app",),
            labels=tuple(sorted(LABELS.items())),
        )
        facts = ImageFacts(digest=DIGEST, platforms=(PlatformImage("linux/amd64", "", config),))
        spec = spec_of(facts, image=GOOD, registries=["prod"])
        self.server.put(f"{API}/imagefacts", name_of(DIGEST), spec=spec)

    async def audit(self, *arguments: str | Path) -> Result:
        """Run the command; it never asks a registry unless a test says so."""
        common = ("--kubeconfig", self.kubeconfig, "--offline")
        return await asyncio.to_thread(cocket, "audit", *common, *arguments)

    async def owners(self, *arguments: str | Path) -> dict[str, Any]:
        """The owners in its JSON, by name."""
        shown = await self.audit("-o", "json", *arguments)
        assert shown.exit_code != 2, shown.output
        return {one["owner"]["name"]: one for one in json.loads(shown.stdout)["owners"]}


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with audit_world() as world:
        yield Cluster(world, tmp_path)


async def test_what_runs_is_judged_by_the_policies_and_facts_of_the_cluster(
    cluster: Cluster,
) -> None:
    cluster.install()
    owner = cluster.world.put(
        DEPLOYMENTS, "web", spec=template(GOOD), status={"updatedReplicas": 1}
    )
    made = cluster.world.put(REPLICA_SETS, "web-a", owner=owner, spec=template(GOOD))
    for number in range(3):
        cluster.world.put(PODS, f"web-a-{number}", owner=made, spec=pod_spec(GOOD))
    cluster.world.put(PODS, "tagged", spec=pod_spec("registry.example.com/prod/web:1.1"))
    shown = await cluster.audit("-A", "-v")
    assert shown.exit_code == 1
    assert shown.stdout.splitlines()[0] == "✗ Pod shop/tagged (1 Pod): would be refused"
    assert "✓ Deployment shop/web (3 Pods): good\n" in shown.stdout
    assert shown.stdout.endswith(
        "2 owners of 4 Pods with 2 images, 1 would be refused, 1 not fully checked\n"
    )
    assert shown.stderr == ""
    assert not cluster.server.writes


async def test_without_a_word_only_the_namespace_of_the_context_is_looked_at(
    cluster: Cluster,
) -> None:
    cluster.install()
    for namespace in ("shop", "bank", "cocket"):
        name = f"in-{namespace}"
        cluster.world.put(PODS, name, namespace=namespace, spec=pod_spec(GOOD))
    assert set(await cluster.owners()) == {"in-cocket"}
    assert set(await cluster.owners("-n", "bank")) == {"in-bank"}
    assert set(await cluster.owners("-A")) == {"in-shop", "in-bank", "in-cocket"}


async def test_where_the_webhook_is_never_asked_nothing_is_refused(cluster: Cluster) -> None:
    cluster.install()
    for namespace in ("kube-system", "cocket-system", "shop", "bank"):
        cluster.world.put(PODS, namespace, namespace=namespace, spec=pod_spec("nginx"))
    found = await cluster.owners("-A", "--exclude-namespace", "bank")
    assert {name for name, one in found.items() if not one["allowed"]} == {"shop"}
    assert found["bank"]["findings"] == []
    assert found["bank"]["images"][0]["image"] == "nginx"


async def test_policies_of_files_are_asked_in_place_of_the_clusters(cluster: Cluster) -> None:
    cluster.install()
    cluster.world.put(PODS, "web", spec=pod_spec("registry.example.com/prod/web:1.1"))
    lax = write(cluster.folder / "lax.yaml", policy(rules="init: {}", more="onUnknown: warn"))
    shown = await cluster.audit("-A", "--policy", lax)
    assert shown.exit_code == 3
    assert "digest" not in shown.stdout


async def test_policies_of_files_need_no_cocket_in_the_cluster(cluster: Cluster) -> None:
    cluster.server.refuse("GET", "/cocket.dev/", 404, "NotFound")
    cluster.world.put(PODS, "web", spec=pod_spec("nginx"))
    shown = await cluster.audit("-A")
    assert shown.exit_code == 2
    assert "Cocket is not installed in this cluster" in shown.stderr
    assert "--policy FILE" in shown.stderr
    own = write(cluster.folder / "own.yaml", policy())
    shown = await cluster.audit("-A", "--policy", own)
    assert shown.exit_code == 1
    assert "would be refused" in shown.stdout


async def test_without_any_policy_nothing_reads_as_good(cluster: Cluster) -> None:
    cluster.server.put("/api/v1/namespaces", "shop")
    shown = await cluster.audit("-A")
    assert shown.exit_code == 2
    assert "no policy is in force" in shown.stderr


async def test_a_cluster_that_cannot_be_read_is_an_error_that_says_what(cluster: Cluster) -> None:
    cluster.install()
    cluster.server.refuse("GET", "/pods", 403, "Forbidden")
    shown = await cluster.audit("-A")
    assert shown.exit_code == 2
    assert "/api/v1/pods" in shown.stderr
    assert "docs/audit.md" in shown.stderr


async def test_what_could_not_be_looked_at_is_said_and_is_no_success(cluster: Cluster) -> None:
    cluster.install()
    cluster.world.put(PODS, "web", spec=pod_spec(GOOD))
    cluster.server.refuse("GET", "/namespaces$", 403, "Forbidden")
    cluster.server.refuse("GET", "/jobs$", 403, "Forbidden")
    shown = await cluster.audit("-A")
    assert shown.exit_code == 3
    assert "? not looked at: the labels of namespaces could not be read" in shown.stdout
    assert "? not looked at: jobs could not be listed" in shown.stdout
    shown = await cluster.audit("-A", "-o", "jsonl")
    assert "warning: not looked at: jobs" in shown.stderr
    assert (await cluster.audit("-A", "--fail-on", "never")).exit_code == 0


async def test_a_broken_policy_and_exceptions_that_do_not_count_are_said(cluster: Cluster) -> None:
    cluster.install()
    cluster.server.put(f"{API}/clusterimagepolicies", "broken", spec={"rules": {"digset": {}}})
    exception = {"rules": ["init"], "namespaces": ["shop"], "image": "r.example/x", "reason": "r"}
    cluster.server.put(f"{API}/imageexceptions", "one", "shop", spec=exception)
    shown = await cluster.audit("-A")
    assert "ClusterImagePolicy broken is broken and not in force" in shown.stdout
    assert "1 ImageExceptions are not honoured" in shown.stderr


@pytest.mark.parametrize(
    ("mode", "fail_on", "code"),
    [
        ("enforce", "deny", 1),
        ("warn", "deny", 0),
        ("warn", "warn", 1),
        ("audit", "unknown", 0),
        ("enforce", "never", 0),
    ],
)
async def test_the_exit_code_is_that_of_a_check(
    cluster: Cluster, mode: str, fail_on: str, code: int
) -> None:
    cluster.install(mode)
    cluster.world.put(PODS, "web", spec=pod_spec("NO IMAGE"))
    assert (await cluster.audit("-A", "--fail-on", fail_on)).exit_code == code


async def test_with_a_baseline_only_what_is_new_fails(cluster: Cluster) -> None:
    cluster.install()
    cluster.world.put(PODS, "old", spec=pod_spec(BAD))
    baseline = cluster.folder / "baseline.json"
    shown = await cluster.audit("-A", "-o", "json", "--output", baseline)
    assert shown.stdout == ""
    cluster.world.put(PODS, "old", spec=pod_spec("nginx:1"))
    before = await cluster.audit("-A", "-o", "json", "--output", baseline)
    assert before.exit_code == 1
    cluster.world.put(PODS, "old", spec=pod_spec("nginx:2"))
    shown = await cluster.audit("-A", "--baseline", baseline)
    assert shown.exit_code == 0
    assert "findings of the baseline are left out" in shown.stderr
    cluster.world.put(PODS, "new", spec=pod_spec("nginx:2"))
    shown = await cluster.audit("-A", "--baseline", baseline)
    assert shown.exit_code == 1
    assert "Pod shop/new" in shown.stdout
    assert "Pod shop/old" not in shown.stdout
    shown = await cluster.audit("-A", "--baseline", write(cluster.folder / "no.json", "{"))
    assert shown.exit_code == 2


async def test_with_a_baseline_what_an_exception_excused_fails_when_it_has_ended(
    cluster: Cluster,
) -> None:
    cluster.install()
    tags = {"mode": "enforce", "rules": {"digest": {}}}
    cluster.server.put(f"{API}/clusterimagepolicies", "all", spec=tags)
    cluster.world.put(PODS, "late", spec=pod_spec("registry.example.com/prod/bare:1"))
    baseline = cluster.folder / "baseline.json"
    here = ("-A", "--exception-namespace", "shop")

    def excuse(until: timedelta) -> None:
        now = datetime.now(UTC)
        made, ends = (f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (now - timedelta(days=2), now + until))
        spec = {"rules": ["digest"], "namespaces": ["shop"], "reason": "soon", "expires": ends}
        spec |= {"image": "registry.example.com/prod/bare"}
        metadata = {"creationTimestamp": made}
        path = f"{API}/imageexceptions"
        cluster.server.put(path, "late", "shop", spec=spec, metadata=metadata)

    excuse(timedelta(days=1))
    assert (await cluster.audit(*here, "-o", "json", "--output", baseline)).exit_code == 0
    assert (await cluster.audit(*here, "--baseline", baseline)).exit_code == 0

    excuse(-timedelta(days=1))
    shown = await cluster.audit(*here, "--baseline", baseline)
    assert shown.exit_code == 1
    assert "that stay, for they do more now than then: 1 (a policy got stricter" in shown.stderr
    assert "Pod shop/late" in shown.stdout


async def test_with_a_baseline_of_a_milder_policy_what_refuses_now_fails(cluster: Cluster) -> None:
    cluster.install("audit")
    cluster.world.put(PODS, "old", spec=pod_spec("nginx:1"))
    baseline = cluster.folder / "baseline.json"
    assert (await cluster.audit("-A", "-o", "json", "--output", baseline)).exit_code == 0
    cluster.install("enforce")
    shown = await cluster.audit("-A", "--baseline", baseline)
    assert shown.exit_code == 1
    assert "Pod shop/old" in shown.stdout


@pytest.mark.parametrize(
    "form", ["json", "jsonl", "csv", "markdown", "sarif", "junit", "html", "table"]
)
async def test_every_form_goes_to_a_file_as_to_standard_output(cluster: Cluster, form: str) -> None:
    cluster.install()
    cluster.world.put(PODS, "web", spec=pod_spec("nginx"))
    file = cluster.folder / "out"
    shown = await cluster.audit("-A", "-o", form)
    written = await cluster.audit("-A", "-o", form, "--output", file)
    assert (written.exit_code, written.stdout) == (1, "")
    assert "nginx" in shown.stdout
    if form not in {"json", "html"}:  # they say when it was taken
        assert file.read_bytes() == shown.stdout_bytes
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(shown.stdout, newline="")))
        assert {row["rule"] for row in rows} == {"digest", "provenance", "init"}


async def test_a_file_that_cannot_be_written_is_an_error(cluster: Cluster) -> None:
    cluster.install()
    shown = await cluster.audit("-A", "--output", cluster.folder / "no" / "out")
    assert shown.exit_code == 2
    assert "No such file" in shown.stderr


def test_everywhere_and_one_namespace_exclude_each_other() -> None:
    assert cocket("audit", "-A", "-n", "shop").exit_code == 2


def test_help_has_examples() -> None:
    assert "cocket audit -A --baseline" in cocket("audit", "--help").stdout
