"""A real docker-registry for a whole module of end-to-end tests, filled before it is used."""

from __future__ import annotations

import msgspec

from tests.e2e.processes import Processes, free_port, listens
from tests.servers import RealRegistry
from tests.tools import require_tool
from webhook.demo.content import Content
from webhook.demo.images import Built


def start_registry(processes: Processes, name: str = "registry", port: int = 0) -> RealRegistry:
    """Start it over plain HTTP, open to everybody, with its files in the processes' folder.

    Started once more under its name and port, it has what was pushed before.
    """
    program = require_tool("docker-registry")
    port = port or free_port()
    config = processes.folder / f"{name}.yml"
    storage = {"filesystem": {"rootdirectory": str(processes.folder / name)}}
    http = {"addr": f"127.0.0.1:{port}", "secret": "of the tests"}
    log = {"accesslog": {"disabled": False}, "level": "error"}
    config.write_bytes(
        msgspec.yaml.encode({"version": 0.1, "log": log, "storage": storage, "http": http})
    )
    process = processes.start(name, program, "serve", config)
    process.wait_until(lambda: listens(port), "listening")
    return RealRegistry(host=f"127.0.0.1:{port}", auth="none", log=process.output)


async def push_all(registry: RealRegistry, content: Content) -> None:
    """Push what the demo's registry would hold: blobs, manifests, indexes, and the tags."""
    for name, held in content.repositories.items():
        tags = {digest: tag for tag, digest in held.tags.items()}
        blobs = tuple(held.blobs.values())
        for stored in held.manifests.values():
            built = Built(
                manifest=stored.body,
                media_type=stored.media_type,
                config=blobs[0] if blobs else b"",
                layers=blobs[1:],
            )
            await registry.push(name, built, tags.get(stored.digest))
            blobs = ()  # with the first one
