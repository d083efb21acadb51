"""Measure what large clusters cost, on a real API server; prints a table.

`--tenth` measures a tenth of everything.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench.__main__ import machine
from bench.scale.audits import measure_audits
from bench.scale.change import measure_changes, write_policy
from bench.scale.following import measure_all
from bench.scale.pods import measure_lists, write_namespaces, write_pods
from bench.scale.sizes import TENTH, WHOLE, Sizes
from bench.table import Row, show, write
from tests.e2e.control_plane import ControlPlane
from webhook.cluster.login import open_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

RESULT = Path("build/scale.json")
_LONGEST_SECONDS = 2 * 3600.0


def main() -> None:
    """Run everything and print the table; it says which bounds were met."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    sizes = TENTH if "--tenth" in sys.argv[1:] else WHOLE
    load = os.getloadavg()[0]
    started = time.monotonic()
    try:
        rows = asyncio.run(measure(sizes))
    except pytest.skip.Exception as missing:
        raise SystemExit(str(missing)) from None
    write(rows, RESULT)
    show(rows, console, "Cocket in large clusters, medians")
    console.print(
        f"Python {platform.python_version()}, {machine()}; load average before: {load:.1f}; "
        f"took {time.monotonic() - started:.0f} s; written to {RESULT}"
    )


async def measure(sizes: Sizes) -> list[Row]:
    """Every figure; several control planes, so that nobody's Pods are in the way of another."""
    async with asyncio.timeout(_LONGEST_SECONDS):
        with tempfile.TemporaryDirectory() as folder:
            async with cluster(Path(folder)) as (plane, api):
                print("Pods", flush=True)
                await write_namespaces(api)
                await write_pods(api, sizes)
                rows = await asyncio.to_thread(measure_lists, plane.kubeconfig(), sizes)
        with tempfile.TemporaryDirectory() as folder:
            async with cluster(Path(folder)) as (plane, api):
                print("audits", flush=True)
                await write_namespaces(api)
                rows += await measure_audits(api, plane.kubeconfig(), sizes)
        with tempfile.TemporaryDirectory() as folder:
            async with cluster(Path(folder)) as (plane, api):
                print("audits of ten times the images", flush=True)
                await write_namespaces(api)
                many = sizes.of_many_images()
                rows += await measure_audits(api, plane.kubeconfig(), many, contract=False)
        with tempfile.TemporaryDirectory() as folder:
            async with cluster(Path(folder)) as (plane, api):
                print("policies", flush=True)
                await write_policy(api)
                rows += await measure_changes(api, plane.kubeconfig(), sizes)
                print("what is watched", flush=True)
                rows += await measure_all(plane, api, sizes)
    return rows


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[tuple[ControlPlane, Api]]:
    """A control plane with our custom resources, and its API as admin."""
    with ControlPlane(folder) as plane:
        await asyncio.to_thread(plane.install_crds)
        async with open_api(kubeconfig=plane.kubeconfig()) as api:
            yield plane, api


if __name__ == "__main__":
    main()
