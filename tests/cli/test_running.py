"""`cocket running` beside an API server: what it reads, prints and exits with."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.audit.world import DEPLOYMENTS, GOOD, PODS, TAG, World, pod_spec, template
from tests.audit.world import world as audit_world
from tests.builders import DIGEST, REVISION, facts
from tests.cli.cluster_processes import write_kubeconfig
from tests.cli.runs import START, cocket
from webhook.core.recorded import name_of, spec_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from click.testing import Result

FACTS = "/apis/cocket.dev/v1alpha1/imagefacts"


class Cluster:
    """Two workloads, of which one is recorded, and the command beside them."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.server = world.server
        self.login = ("--kubeconfig", str(write_kubeconfig(folder, world.api.server)))
        self.server.put(
            FACTS, name_of(DIGEST), spec=spec_of(facts(), image=GOOD, registries=["prod"])
        )
        owner = world.put(DEPLOYMENTS, "web", spec=template(GOOD))
        for number in range(2):
            world.put(PODS, f"web-{number}", owner=owner, spec=pod_spec(GOOD))
        world.put(PODS, "tagged", namespace="bank", spec=pod_spec(TAG))

    async def run(self, *arguments: str) -> Result:
        return await asyncio.to_thread(cocket, "running", *self.login, *arguments)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with audit_world() as world:
        yield Cluster(world, tmp_path)


async def test_each_container_is_a_line_and_nothing_is_asked_of_registries(
    cluster: Cluster,
) -> None:
    shown = await cluster.run("-A")

    assert shown.exit_code == 0, shown.output
    head, *lines = shown.stdout.splitlines()
    assert (
        head.split()
        == (
            "NAMESPACE WORKLOAD CONTAINER IMAGE OS APPLICATION COMMIT BUILT PID 1 STOP HOW SURE"
        ).split()
    )
    assert [line.split()[:3] for line in lines] == [
        ["bank", "Pod/tagged", "c0"],
        ["shop", "Deployment/web", "c0"],
    ]
    assert "unknown: not recorded: a tag names it" in lines[0]
    assert REVISION[:12] in lines[1]
    assert lines[1].endswith("init tini: /sbin/tini -- /app  SIGTERM  image config")
    assert shown.stderr == "warning: 1 of 2 containers not known\n"
    assert not cluster.server.writes


async def test_a_workload_is_named_as_for_kubectl(cluster: Cluster) -> None:
    shown = await cluster.run("-n", "shop", "deploy/web", "-o", "wide", "--no-headers")

    [line] = shown.stdout.splitlines()
    assert line.startswith("Deployment/web")
    assert line.endswith(f"  2  {DIGEST}  https://github.com/acme/web/commit/{REVISION}")
    assert shown.stderr == ""


async def test_without_a_word_only_the_namespace_of_the_context_is_looked_at(
    cluster: Cluster,
) -> None:
    shown = await cluster.run()

    assert (shown.exit_code, shown.stdout) == (0, "")
    assert shown.stderr == "warning: nothing runs there\n"
    assert (await cluster.run("-q")).stderr == ""


async def test_programs_get_a_document_or_lines(cluster: Cluster) -> None:
    document = json.loads((await cluster.run("-A", "-o", "json")).stdout)
    lines = (await cluster.run("-A", "-o", "jsonl")).stdout.splitlines()

    assert [json.loads(line) for line in lines] == document["containers"]
    assert [one["workload"]["name"] for one in document["containers"]] == ["tagged", "web"]


async def test_labels_choose_pods(cluster: Cluster) -> None:
    labels = {"labels": {"app": "api"}}
    cluster.world.put(PODS, "api", spec=pod_spec(GOOD), metadata=labels)

    shown = await cluster.run("-A", "-l", "app=api", "--no-headers")

    assert [line.split()[1] for line in shown.stdout.splitlines()] == ["Pod/api"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-n", "shop", "sts/web"], "nothing runs in namespace shop that is statefulset/web"),
        (["-A", "gone"], "nothing runs anywhere that is gone"),
        (["a/b/c"], "'a/b/c' is no workload"),
        (["-A", "-n", "shop"], "-A and -n do not go together"),
    ],
)
async def test_what_is_not_there_is_an_error_that_says_so(
    cluster: Cluster, arguments: list[str], words: str
) -> None:
    shown = await cluster.run(*arguments)

    assert shown.exit_code == 2
    assert words in shown.stderr


async def test_a_cluster_that_cannot_be_read_is_an_error(cluster: Cluster) -> None:
    cluster.server.refuse("GET", "/pods", 403, "Forbidden")

    shown = await cluster.run("-A")

    assert shown.exit_code == 2
    assert "docs/running.md says which rights it takes" in shown.stderr


async def test_a_part_that_cannot_be_looked_at_is_said(cluster: Cluster) -> None:
    cluster.server.refuse("GET", "/imagefacts", 403, "Forbidden")

    shown = await cluster.run("-A")

    assert shown.exit_code == 3
    assert "not looked at: ImageFacts could not be listed" in shown.stderr
    assert shown.stdout.count("unknown: ") == 2


async def test_a_terminal_gets_colours_progress_and_links(cluster: Cluster) -> None:
    said = await asyncio.to_thread(on_a_terminal, "running", "-A", *cluster.login)

    assert f";https://github.com/acme/web/commit/{REVISION}\x1b\\" in said
    assert "\x1b[31munknown: not recorded" in said
    assert "Listing Pods" in said


def on_a_terminal(*arguments: str) -> str:
    """What a person sees, with everything that moves a cursor."""
    leader, follower = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "400"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-c", START, *arguments]
    try:
        with subprocess.Popen(command, stdout=follower, stderr=follower, env=environment) as one:
            os.close(follower)
            said = _all(leader)
            assert one.wait(60) == 0
    finally:
        os.close(leader)
    return said


def _all(leader: int) -> str:
    """Everything until the other side is closed, which Linux tells by EIO."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            return b"".join(parts).decode()
        if not part:
            return b"".join(parts).decode()
        parts.append(part)
