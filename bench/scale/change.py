"""A policy changes: how long until every replica has it."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from bench.scale.replicas import Replicas, replicas
from bench.table import Row, absolute
from webhook.cluster.kinds import CLUSTER_IMAGE_POLICIES, REGISTRIES

if TYPE_CHECKING:
    from pathlib import Path

    from bench.scale.sizes import Sizes
    from webhook.cluster.api import Api

_POLICY = "production"
MOST_SECONDS = 1.0


async def write_policy(api: Api) -> None:
    """One Registry and one policy with all rules, as a cluster begins."""
    registry = {"host": "registry.example.com", "environment": "production"}
    rules = {
        "digest": {},
        "registry": {"environments": ["production"]},
        "provenance": {"require": ["revision", "source", "created"], "sources": [_source("first")]},
        "init": {},
    }
    for kind, name, spec in (
        (REGISTRIES, "prod", registry),
        (CLUSTER_IMAGE_POLICIES, _POLICY, {"mode": "enforce", "rules": rules}),
    ):
        head = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}}
        await api.create(kind.path(), {**head, "spec": spec})


async def change(api: Api, group: Replicas, mark: str) -> list[float]:
    """Change the policy once.

    Returns:
        For every replica the seconds from the API server's answer until it decides by the change;
        nothing where it was faster than the answer.
    """
    source = _source(mark)
    patch = {"spec": {"rules": {"provenance": {"sources": [source]}}}}
    await api.merge(CLUSTER_IMAGE_POLICIES.path(name=_POLICY), patch)
    answered = time.monotonic()
    return [max(0.0, at - answered) for at in await group.seen(source)]


async def changes(api: Api, group: Replicas, count: int, run: str) -> list[float]:
    """Change it so many times; for each time the seconds until the last replica had it."""
    slowest = [max(await change(api, group, f"{run}-{number}")) for number in range(count)]
    print(f"  {run}: median {median(slowest):.3f} s, worst {max(slowest):.3f} s", flush=True)
    return slowest


async def measure_changes(api: Api, kubeconfig: Path, sizes: Sizes) -> list[Row]:
    """In a cluster with little else in it."""
    each = sizes.replicas // sizes.processes
    async with replicas(kubeconfig, processes=sizes.processes, each=each) as group:
        await group.synced()
        slowest = await changes(api, group, sizes.changes, "policy-change")
    return [row(slowest, f"{group.count} replicas")]


def row(slowest: list[float], where: str) -> Row:
    """The worst of all replicas in the worst of all changes."""
    name = f"policy change seen by the last of {where}, worst of {len(slowest)}"
    return absolute(name, "s", [max(slowest)], at_most=MOST_SECONDS)


def _source(mark: str) -> str:
    return f"https://github.com/{mark}/"
