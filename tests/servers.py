"""Debian's `docker-registry` as a fixture: the real thing beside the registry in the process."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

import bcrypt
import msgspec
from aiohttp import ClientSession, TCPConnector, encode_basic_auth

from tests.certificates import self_signed
from tests.tokens import ISSUER, SERVICE, TokenService, token_service
from tests.tools import require_tool
from webhook.demo.images import OCI_INDEX, OCI_MANIFEST, Built, sha256

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

USER = "robot"
PASSWORD = "correct horse"

Auth = Literal["none", "htpasswd", "token"]
_NO_USERS: Mapping[str, str] = {}
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_ATTEMPTS = 3


class RealRegistry(msgspec.Struct, kw_only=True):
    """A running `docker-registry`, and how to push to it."""

    host: str
    auth: Auth
    log: Path
    ca_pem: str = ""
    """The certificate to trust; empty over plain HTTP."""
    tokens: TokenService | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.ca_pem else 'http'}://{self.host}"

    def name(self, repository: str, reference: str) -> str:
        """The image's name, as a Pod would write it; `reference` is a tag or a digest."""
        return f"{self.host}/{repository}{'@' if ':' in reference else ':'}{reference}"

    def lines(self) -> list[str]:
        """What was asked so far, one `METHOD path` each, from its access log."""
        return [
            " ".join(line.split('"')[1].split()[:2])
            for line in self.log.read_text().splitlines()
            if line.count('"') >= 4 and " HTTP/1.1" in line.split('"')[1]
        ]

    async def push(self, repository: str, built: Built, tag: str | None = None) -> str:
        """Upload an image, or an index with all that it names; returns its digest."""
        context = ssl.create_default_context(cadata=self.ca_pem) if self.ca_pem else True
        async with ClientSession(
            self.url, connector=TCPConnector(ssl=context), raise_for_status=True
        ) as session:
            session.headers.update(await self._login(repository))
            await _push(session, repository, built, tag)
        return built.digest

    async def holds(self, repository: str, digest: str) -> bool:
        """Whether a manifest is there."""
        # It has none of what is not named (distribution 2.8).
        headers = {"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}", **await self._login(repository)}
        async with (
            ClientSession(self.url) as session,
            session.head(f"/v2/{repository}/manifests/{digest}", headers=headers) as answer,
        ):
            return answer.status == 200

    async def _login(self, repository: str) -> dict[str, str]:
        basic = {"Authorization": encode_basic_auth(USER, PASSWORD)}
        if self.tokens is None:
            return basic if self.auth == "htpasswd" else {}
        query = urlencode({"service": SERVICE, "scope": f"repository:{repository}:pull,push"})
        async with ClientSession(raise_for_status=True) as session:
            answer = await session.get(f"{self.tokens.realm}?{query}", headers=basic)
            return {"Authorization": f"Bearer {(await answer.json())['token']}"}


@asynccontextmanager
async def real_registry(
    folder: Path,
    auth: Auth = "none",
    *,
    tls: bool = False,
    users: Mapping[str, str] = _NO_USERS,
    upstream: str = "",
    deletes: bool = False,
) -> AsyncIterator[RealRegistry]:
    """Run a registry on a free loopback port, with its files in `folder`; skip without the tool.

    Everybody may do everything (`none`), only `USER` with `PASSWORD` (`htpasswd`), or whoever has
    a token of our token service (`token`: the user everything, others pull from `public/…`).
    With `htpasswd` there may be further `users` with their passwords. With `upstream`, the URL of
    another registry, it is a pull-through cache of that one, and cannot be pushed to.
    """
    program = require_tool("docker-registry")
    async with AsyncExitStack() as stack:
        config: dict[str, object] = {
            "version": 0.1,
            "log": {"accesslog": {"disabled": False}, "level": "error"},
            "storage": {
                "filesystem": {"rootdirectory": str(folder / "storage")},
                "delete": {"enabled": deletes},
            },
        }
        registry = RealRegistry(host="", auth=auth, log=folder / "registry.log")
        http: dict[str, object] = {"secret": "of the tests"}
        if tls:
            signed = self_signed()
            certificate, key = signed.write(folder, "registry")
            registry.ca_pem = signed.certificate_pem
            http["tls"] = {"certificate": str(certificate), "key": str(key)}
        if upstream:
            config["proxy"] = {"remoteurl": upstream}
        if auth == "htpasswd":
            config["auth"] = {"htpasswd": {"realm": "tests", "path": str(_htpasswd(folder, users))}}
        elif auth == "token":
            signer = self_signed()
            bundle, _ = signer.write(folder, "tokens")
            registry.tokens = await stack.enter_async_context(token_service(signer, USER, PASSWORD))
            config["auth"] = {
                "token": {
                    "realm": registry.tokens.realm,
                    "service": SERVICE,
                    "issuer": ISSUER,
                    "rootcertbundle": str(bundle),
                }
            }
        process = await _start(program, registry, folder / "config.yml", config | {"http": http})
        stack.push_async_callback(_stop, process)
        yield registry


@asynccontextmanager
async def crane_registry(folder: Path) -> AsyncIterator[RealRegistry]:
    """Run `crane registry serve`, open to everybody; skip without the tool."""
    program = require_tool("crane")
    registry = RealRegistry(host="", auth="none", log=folder / "crane.log")
    for _ in range(_ATTEMPTS):
        port = await _free_port()
        registry.host = f"127.0.0.1:{port}"
        with registry.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(program, "registry", "serve", "--address", registry.host), stdout=log, stderr=log
            )
        try:
            if await _listens(process, port):
                yield registry
                return
        finally:
            await _stop(process)
    raise RuntimeError(f"crane registry does not start: {registry.log.read_text()[-2000:]}")


async def _start(
    program: Path, registry: RealRegistry, path: Path, config: dict[str, object]
) -> asyncio.subprocess.Process:
    """Start it, and wait until it listens; once more where somebody took the port before it."""
    for _ in range(_ATTEMPTS):
        port = await _free_port()
        registry.host = f"127.0.0.1:{port}"
        _write(path, config, registry.host)
        with registry.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                program, "serve", path, stdout=log, stderr=asyncio.subprocess.STDOUT
            )
        try:
            if await _listens(process, port):
                return process
        except BaseException:
            await _stop(process)
            raise
        await _stop(process)
    raise RuntimeError(f"docker-registry does not start: {registry.log.read_text()[-2000:]}")


def _write(path: Path, config: dict[str, object], address: str) -> None:
    http = {**msgspec.convert(config["http"], dict[str, object]), "addr": address}
    path.write_bytes(msgspec.yaml.encode(config | {"http": http}))


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    try:
        async with asyncio.timeout(_START_SECONDS):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                await writer.wait_closed()
                return True
    except TimeoutError:
        pass
    return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _free_port() -> int:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        return int(server.sockets[0].getsockname()[1])


def _htpasswd(folder: Path, users: Mapping[str, str]) -> Path:
    """The registry reads bcrypt only; four rounds, because every request pays for them."""
    path = folder / "htpasswd"
    lines = [
        f"{user}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()}\n"
        for user, password in {USER: PASSWORD, **users}.items()
    ]
    path.write_text("".join(lines))
    return path


async def _push(session: ClientSession, repository: str, built: Built, tag: str | None) -> None:
    for child in built.children:
        await _push(session, repository, child, None)
    for blob in built.blobs:
        started = await session.post(f"/v2/{repository}/blobs/uploads/")
        place = started.headers["Location"]
        mark = "&" if "?" in place else "?"
        await session.put(f"{place}{mark}{urlencode({'digest': sha256(blob)})}", data=blob)
    await session.put(
        f"/v2/{repository}/manifests/{tag or built.digest}",
        data=built.manifest,
        headers={"Content-Type": built.media_type},
    )
