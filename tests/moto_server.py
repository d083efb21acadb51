"""moto, which answers as AWS does, as a fixture: STS and ECR, and what botocore would sign."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
from aiohttp import ClientError, ClientSession

from tests.tools import BROUGHT, require_tool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_START_SECONDS = 60.0
_PAUSE = 0.1
_SIGN = """
import datetime, json, sys
from botocore import auth, awsrequest, credentials
asked = json.load(sys.stdin)
auth.get_current_datetime = lambda: datetime.datetime.fromisoformat(asked["now"])
request = awsrequest.AWSRequest("POST", asked["url"], asked["headers"], asked["body"])
keys = credentials.Credentials(asked["key"], asked["secret"], asked["token"] or None)
auth.SigV4Auth(keys, asked["service"], asked["region"]).add_auth(request)
print(json.dumps({name.lower(): value for name, value in request.headers.items()}))
"""


@asynccontextmanager
async def moto(folder: Path) -> AsyncIterator[str]:
    """Run it on a free loopback port; gives its URL. Skips without the tool."""
    program = require_tool("moto_server")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (folder / "moto.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, "-H", "127.0.0.1", "-p", str(port), stdout=log, stderr=log
        )
    try:
        await _until_it_answers(url, process)
        yield url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _until_it_answers(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_START_SECONDS), ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(f"{url}/moto-api/"):
                    return
            except ClientError:
                await asyncio.sleep(_PAUSE)
    raise RuntimeError("moto_server does not start")


def botocore_headers(**asked: object) -> dict[str, str]:
    """The headers that AWS' own library makes for a POST; skips without it."""
    require_tool("moto_server")
    python = BROUGHT.parent / "moto" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", _SIGN],
        input=msgspec.json.encode(asked),
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return msgspec.json.decode(done.stdout, type=dict[str, str])
