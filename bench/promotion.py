"""`cocket promote` beside `crane copy`: 1 GiB of layers between two registries on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from aiohttp import ClientSession

from bench.servers import COCKET
from bench.table import Row, absolute, compared
from tests.builders import LABELS
from tests.servers import real_registry
from tests.tools import BROUGHT
from webhook.demo.images import descriptor, encode, image, sha256

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.servers import RealRegistry

ROUNDS = 3
LAYERS = 8
LAYER_BYTES = 128 * 1024 * 1024
_PIECE = 1024 * 1024
_LOOK_SECONDS = 0.05


class Run(msgspec.Struct, frozen=True):
    """One copy."""

    seconds: float
    megabytes: float
    """Resident memory of the process that copied, at its peak."""


def measure(folder: Path) -> list[Row]:
    """Copy in turn, each time into a registry that has nothing; nothing without crane."""
    crane = shutil.which("crane", path=BROUGHT) or shutil.which("crane")
    if crane is None:
        print("tool missing: crane: `cocket promote` is not measured")
        return []
    theirs, ours = asyncio.run(_rounds(folder, crane))
    size = LAYERS * LAYER_BYTES / 1e6
    return [
        compared(
            "promote 1 GiB beside `crane copy`",
            "MB/s",
            [size / one.seconds for one in theirs],
            [size / one.seconds for one in ours],
            at_least=0.8,
        ),
        absolute(
            "… peak memory of promote", "MB", [max(one.megabytes for one in ours)], at_most=150
        ),
    ]


async def _rounds(folder: Path, crane: str) -> tuple[list[Run], list[Run]]:
    theirs: list[Run] = []
    ours: list[Run] = []
    async with _registry(folder / "source") as source:
        digest = await _push(source)
        name = source.name("preprod/web", digest)
        for number in range(ROUNDS):
            for tool, runs in (("crane", theirs), ("cocket", ours)):
                place = folder / f"{tool}-{number}"
                async with _registry(place) as target:
                    command = _commands(crane, folder, source, target, name)[tool]
                    if not theirs:
                        await asyncio.to_thread(_compile, folder, name)
                    runs.append(await asyncio.to_thread(_timed, command, folder))
                    there = [crane, "digest", "--insecure", target.name("prod/web", digest)]
                    said = await asyncio.to_thread(
                        subprocess.run, there, capture_output=True, check=True
                    )
                    assert said.stdout.decode().strip() == digest
                shutil.rmtree(place)
    return theirs, ours


def _commands(
    crane: str, folder: Path, source: RealRegistry, target: RealRegistry, name: str
) -> dict[str, list[str]]:
    registries = folder / "registries.yaml"
    registries.write_text(
        "".join(
            "---\napiVersion: cocket.dev/v1alpha1\nkind: Registry\n"
            f"metadata: {{name: {which}}}\nspec:\n  host: {one.host}/{which}\n"
            f"  allowPrivateAddresses: true\n  tls: {{plainHTTP: true}}\n{more}"
            for which, one, more in (
                ("preprod", source, ""),
                ("prod", target, "  promotesFrom: preprod\n"),
            )
        ),
        encoding="utf-8",
    )
    to = target.name("prod/web", "copied")
    return {
        "crane": [crane, "copy", "--insecure", name, to],
        "cocket": [COCKET, "promote", name, "--to", "prod", "--policy", str(registries)],
    }


def _environment(folder: Path) -> dict[str, str]:
    """As where it is installed: the modules are compiled, as pip and the image leave them."""
    kept = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _compile(folder: Path, name: str) -> None:
    """Import everything once; a target that is none ends it there."""
    command = [COCKET, "promote", name, "--to", "no/", "-q"]
    subprocess.run(command, env=_environment(folder), capture_output=True, check=False)


def _timed(command: Sequence[str], folder: Path) -> Run:
    start = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=_environment(folder))
        peak = 0.0
        while process.poll() is None:
            # Not `ru_maxrss`: it remembers what we were before we became the tool.
            peak = max(peak, _peak_megabytes(process.pid))
            time.sleep(_LOOK_SECONDS)
        seconds = time.monotonic() - start
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{command[0]} failed:\n{said.read().decode(errors='replace')}")
    return Run(seconds, peak)


def _peak_megabytes(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "")
    return int(peak.split()[1]) / 1024 if peak else 0.0


@asynccontextmanager
async def _registry(folder: Path) -> AsyncIterator[RealRegistry]:
    await asyncio.to_thread(folder.mkdir)
    async with real_registry(folder) as registry:
        yield registry


async def _push(registry: RealRegistry) -> str:
    """An image whose layers are chance, and so cannot be made smaller."""
    built = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels=LABELS)
    layers: list[dict[str, object]] = []
    async with ClientSession(registry.url, raise_for_status=True) as session:
        for _ in range(LAYERS):
            piece = os.urandom(_PIECE)
            body = [piece[number:] + piece[:number] for number in range(LAYER_BYTES // _PIECE)]
            digest = hashlib.sha256(b"".join(body)).hexdigest()
            await _blob(session, b"".join(body), f"sha256:{digest}")
            layers.append(
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": f"sha256:{digest}",
                    "size": LAYER_BYTES,
                }
            )
        await _blob(session, built.config, sha256(built.config))
        manifest = encode(
            {
                "schemaVersion": 2,
                "mediaType": built.media_type,
                "config": descriptor(built.config, "application/vnd.oci.image.config.v1+json"),
                "layers": layers,
            }
        )
        digest = sha256(manifest)
        await session.put(
            f"/v2/preprod/web/manifests/{digest}",
            data=manifest,
            headers={"Content-Type": built.media_type},
        )
    return digest


async def _blob(session: ClientSession, body: bytes, digest: str) -> None:
    started = await session.post("/v2/preprod/web/blobs/uploads/")
    place = started.headers["Location"]
    mark = "&" if "?" in place else "?"
    await session.put(f"{place}{mark}{urlencode({'digest': digest})}", data=body)
