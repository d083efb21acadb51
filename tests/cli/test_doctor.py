"""`cocket doctor` beside an API server that a test changes: exit codes, formats, and no writes."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.cluster_processes import write_kubeconfig
from tests.cli.runs import START, cocket
from tests.cluster.api_server import ApiServer, api_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

GROUPS = "^/apis?/"


class Run:
    """A command that ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@asynccontextmanager
async def cluster(tmp_path: Path) -> AsyncIterator[tuple[ApiServer, Path]]:
    async with api_server() as (server, api):
        yield server, write_kubeconfig(tmp_path, api.server)
        assert server.writes == []


async def doctor(config: Path, *arguments: str) -> Run:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", START, "doctor", "--kubeconfig", str(config), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return Run(process.returncode or 0, out.decode(), err.decode())


async def test_where_nothing_is_installed_that_is_said(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (_, config):
        done = await doctor(config)

    assert (done.code, done.err) == (1, "")
    assert "✓ server: Kubernetes v1.28.3\n" in done.out
    assert "✗ definitions: registries.cocket.dev is not installed\n" in done.out
    assert "✗ policies: there is no policy, so nothing is checked\n" in done.out
    assert "there is no webhook configuration of this name" in done.out


async def test_without_rights_nothing_is_wrong_and_nothing_is_well(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, config):
        server.refuse("GET", GROUPS, 403, "Forbidden")
        done = await doctor(config, "-o", "json")
        strict = await doctor(config, "--strict")

    found = json.loads(done.out)
    assert (done.code, strict.code) == (3, 3)
    assert found["summary"]["wrong"] == 0
    assert {one["check"] for one in found["diagnoses"] if one["state"] == "ok"} <= {
        *("server", "clock")
    }


def test_a_cluster_that_does_not_answer_is_no_diagnosis(tmp_path: Path) -> None:
    done = cocket("doctor", "--kubeconfig", write_kubeconfig(tmp_path, "http://127.0.0.1:1"))

    assert done.exit_code == 2
    assert done.stdout == ""
    assert "the cluster at http://127.0.0.1:1 cannot be read" in done.stderr


@pytest.mark.parametrize("arguments", [("--namespace", "Not_One"), ("-o", "yaml"), ("x",)])
def test_wrong_arguments_are_usage(arguments: tuple[str, ...]) -> None:
    assert cocket("doctor", *arguments).exit_code == 2
