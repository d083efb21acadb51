"""Audits of ever more Pods of the same images, beside a raw list of the same Pods."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from bench.scale.change import write_policy
from bench.scale.facts import Recording
from bench.scale.one_audit import Measured
from bench.scale.pods import list_pods, write_owners, write_pods
from bench.table import Row, absolute, seen

if TYPE_CHECKING:
    from bench.scale.one_list import Listed
    from bench.scale.sizes import Sizes
    from webhook.cluster.api import Api

_SECONDS = 600.0
MOST_SECONDS = 8.0
MOST_MEGABYTES = 200.0


async def write_world(api: Api, sizes: Sizes) -> list[str]:
    """A policy, facts about every image, and who owns each kind of Pod; gives their uids."""
    await write_policy(api)
    await Recording(api).write(2 * sizes.images)
    return await write_owners(api, sizes)


async def measure_audits(
    api: Api, kubeconfig: Path, sizes: Sizes, *, contract: bool = True
) -> list[Row]:
    """One row a size of the cluster; at the size of the contract also what is expected.

    Args:
        api: a cluster that has the namespaces and nothing else.
        kubeconfig: of it.
        sizes: how many Pods, of how many images.
        contract: whether these are the images for which something is expected.
    """
    owners = await write_world(api, sizes)
    rows: list[Row] = []
    written = 0
    for pods in sizes.audited:
        await write_pods(api, sizes, owners, start=written, end=pods)
        written = pods
        expected = contract and pods == sizes.pods
        rows += await asyncio.to_thread(_measure, kubeconfig, sizes, pods, expected=expected)
    return rows


def audit_once(kubeconfig: Path) -> Measured:
    """Audit once in a fresh process."""
    arguments = [sys.executable, "-m", "bench.scale.one_audit", str(kubeconfig)]
    done = subprocess.run(arguments, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise SystemExit(f"the audit: {done.stderr.decode()[-2000:]}")
    return msgspec.json.decode(done.stdout, type=Measured)


class Command(msgspec.Struct, frozen=True):
    """Seconds of somebody who types `cocket audit -A -o json`, from Enter to prompt."""

    seconds: float
    """Of the wall."""
    computed: float
    """Of them, by the command, its start and its imports included."""


def run_command(kubeconfig: Path) -> Command:
    """The command itself, as people run it."""
    cocket = str(Path(sys.executable).with_name("cocket"))
    arguments = [cocket, "audit", "-A", "-o", "json", "--fail-on", "never"]
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*arguments, "--kubeconfig", str(kubeconfig)],
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"cocket audit: {done.stderr.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Command(time.monotonic() - began, computed)


def check_whole(one: Measured, sizes: Sizes, pods: int) -> None:
    """What was measured must have been the whole work, from recorded facts alone."""
    assert (one.pods, one.owners, one.images) == (pods, sizes.images, 2 * sizes.images), one
    assert (one.requests, one.unlearned) == (0, 0), one


def _measure(kubeconfig: Path, sizes: Sizes, pods: int, *, expected: bool) -> list[Row]:
    audits: list[Measured] = []
    lists: list[Listed] = []
    commands: list[Command] = []
    for _ in range(sizes.rounds):
        lists.append(list_pods(kubeconfig, "ours"))
        one = audit_once(kubeconfig)
        check_whole(one, sizes, pods)
        audits.append(one)
        command = run_command(kubeconfig)
        commands.append(command)
        print(
            f"  audit of {pods:,}: {one.seconds:.2f} s, of which it computes {one.computed:.2f} s, "
            f"{one.megabytes:.0f} MB; the command {command.seconds:.2f} s, of which it computes "
            f"{command.computed:.2f} s; a raw list {lists[-1].seconds:.2f} s; "
            f"load average {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    seconds = [one.seconds for one in audits]
    memory = [one.megabytes for one in audits]
    name = f"audit of {pods:,} Pods of {sizes.images:,} Deployments"
    computed = median(one.computed for one in audits)
    whole = [
        seen(
            "… the command, from its start to its end", "s", median(one.seconds for one in commands)
        ),
        seen("… of which it computes itself", "s", median(one.computed for one in commands)),
    ]
    if not expected:
        return [
            seen(name, "s", median(seconds)),
            seen("… of which it computes itself", "s", computed),
            *whole,
            seen("… peak memory", "MB", median(memory)),
        ]
    return [
        absolute(name, "s", seconds, at_most=MOST_SECONDS),
        seen("… of which it computes itself", "s", computed),
        *whole,
        absolute("… peak memory", "MB", memory, at_most=MOST_MEGABYTES),
        seen("… requests to registries", "", audits[0].requests),
        seen("… a raw list of the same Pods", "s", median(one.seconds for one in lists)),
    ]
