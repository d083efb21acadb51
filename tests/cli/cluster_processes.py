"""Our commands as processes beside an API server that a test changes."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import ssl
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.cli.runs import START
from tests.cluster.api_server import ApiServer, api_server
from tests.e2e.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_CONFIG = """
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me, namespace: cocket}}]
clusters: [{name: here, cluster: {server: "%s"}}]
users: [{name: me, user: {token: t0ken}}]
"""
_SECONDS = 30.0


class Command:
    """A running command, and what it wrote to standard error."""

    def __init__(self, process: asyncio.subprocess.Process, plain_port: int) -> None:
        self.process = process
        self.plain_port = plain_port
        self.messages: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def said(self, pattern: str) -> re.Match[str]:
        """Wait for a message."""
        try:
            async with asyncio.timeout(_SECONDS):
                while True:
                    for message in list(self.messages):
                        if found := re.search(pattern, message):
                            return found
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{pattern!r} not among {self.messages}") from None

    @property
    def plain_url(self) -> str:
        """Of probes and metrics, which there may not be yet."""
        return f"http://127.0.0.1:{self.plain_port}"

    async def page(self, path: str, expected: str) -> str:
        """A page of the plain port, once it holds what is expected."""
        text = ""
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(_SECONDS):
                    while expected not in text:
                        await asyncio.sleep(0.02)
                        with suppress(aiohttp.ClientConnectionError):
                            async with session.get(f"{self.plain_url}{path}") as answer:
                                text = await answer.text()
            except TimeoutError:
                raise AssertionError(f"{expected!r} not in {text}") from None
        return text

    async def ask(self, review: bytes, context: ssl.SSLContext) -> dict[str, Any]:
        """The response to a review."""
        port = (await self.said(r"port (\d+), probes and metrics"))[1]
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"https://localhost:{port}/validate?timeout=10s", data=review, ssl=context
            ) as answer,
        ):
            response: dict[str, Any] = (await answer.json())["response"]
            return response

    async def end(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await self.exited()

    async def exited(self) -> int:
        """Its exit code, once it has ended."""
        async with asyncio.timeout(_SECONDS):
            code = await self.process.wait()
            await self._reading
        return code

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            try:
                self.messages.append(json.loads(line)["message"])
            except ValueError:
                self.messages.append(line.decode())


class Machine:
    """An API server, a kubeconfig for it, and the commands that were started."""

    def __init__(self, server: ApiServer, kubeconfig: Path) -> None:
        self.server = server
        self.kubeconfig = kubeconfig
        self._commands: list[Command] = []

    async def start(self, *arguments: str | Path, port_option: str) -> Command:
        """Start a command; the option is that of its plain port."""
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", START, *map(str, arguments)),
            *("--kubeconfig", str(self.kubeconfig), port_option, str(port)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        command = Command(process, port)
        self._commands.append(command)
        return command

    async def close(self) -> None:
        """End what still runs."""
        for command in self._commands:
            if command.process.returncode is None:
                command.process.kill()
            await command.exited()


def write_kubeconfig(folder: Path, server: str) -> Path:
    """A kubeconfig for that server; its namespace is `cocket`."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(_CONFIG % server)
    return kubeconfig


@asynccontextmanager
async def machine(folder: Path) -> AsyncIterator[Machine]:
    """A machine where nothing runs yet."""
    async with api_server() as (server, api):
        found = Machine(server, write_kubeconfig(folder, api.server))
        try:
            yield found
        finally:
            await found.close()
