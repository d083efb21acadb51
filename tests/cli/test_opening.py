"""`cocket audit --open` against a server with TLS: what it sends, what it takes, what it says."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp import web

from tests.builders import refusal
from tests.certificates import self_signed
from webhook.cli.opening import Opening, open_report
from webhook.page.access import PROXIED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = "<!doctype html>\n<title>r</title>"
PROXY = "/api/v1/namespaces/cocket-system/services/https:cocket-report:report/proxy/report"


class Server:
    """Answers both as an API server that proxies, and as the report itself."""

    def __init__(self, folder: Path) -> None:
        self.ca, key = self_signed().write(folder, "server")
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.answers: list[tuple[int, str]] = []
        self.address = ""
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(self.ca, key)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        self.address = f"https://127.0.0.1:{runner.addresses[0][1]}"
        self._started.set()
        await self._ended.wait()
        await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self.seen.append((request.path, dict(request.headers)))
        status, text = self.answers.pop(0) if self.answers else (200, PAGE)
        headers = {"Location": "https://127.0.0.1:1/"} if status == 302 else None
        return web.Response(status=status, text=text, headers=headers)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path)
    started.start()
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def _browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "browser"
    shown = str(tmp_path / "shown")
    browser.write_text(f"#!{sys.executable}\nimport sys\nopen({shown!r}, 'w').write(sys.argv[1])\n")
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(browser))


def opening(server: Server, folder: Path, *, url: bool = True, login: str = "secret") -> Opening:
    user = {"token": login} if login else {"username": "kim", "password": "x"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "c",
                "cluster": {"server": server.address, "certificate-authority": str(server.ca)},
            }
        ],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    kubeconfig = folder / "config"
    kubeconfig.write_text(json.dumps(config))
    return Opening(
        kubeconfig=kubeconfig,
        context=None,
        namespace="cocket-system",
        service="cocket-report",
        url=f"{server.address}/report" if url else "",
        ca=server.ca,
        token_file=None,
        output=folder / "report.html",
    )


def told(_warning: str) -> None:
    """No warning is expected; one would be no fault of the report."""


def test_a_url_is_asked_with_the_token_of_the_login(server: Server, tmp_path: Path) -> None:
    file = open_report(opening(server, tmp_path), told)

    assert file == tmp_path / "report.html"
    assert file.read_text() == PAGE
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "shown").read_text() == file.as_uri()
    [(path, headers)] = server.seen
    assert (path, headers["Authorization"]) == ("/report", "Bearer secret")
    assert PROXIED not in {name.lower() for name in headers}


def test_the_api_server_is_asked_with_the_token_twice(server: Server, tmp_path: Path) -> None:
    server.answers = [(503, "This replica does not audit."), (200, PAGE)]

    open_report(opening(server, tmp_path, url=False), told)

    assert [path for path, _ in server.seen] == [PROXY, PROXY]
    headers = {name.lower(): value for name, value in server.seen[-1][1].items()}
    assert headers["authorization"] == headers[PROXIED] == "Bearer secret"


@pytest.mark.parametrize("url", [False, True])
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((403, "kim may not read this report"), "kim may not read this report"),
        ((302, ""), "302"),
        ((200, "<html>a login page</html>"), "no page of ours"),
        ((500, ""), "500"),
    ],
)
def test_what_is_no_report_is_no_file(
    server: Server,
    tmp_path: Path,
    url: bool,  # noqa: FBT001 - a row of the table
    answer: tuple[int, str],
    says: str,
) -> None:
    server.answers = [answer] * 30

    said = refusal(lambda: open_report(opening(server, tmp_path, url=url), told))

    assert says in said
    assert "secret" not in said
    assert "cocket audit -A -o html" in said
    assert not (tmp_path / "report.html").exists()
    assert len(server.seen) == 1


def test_a_token_of_ones_own_is_shown_instead(server: Server, tmp_path: Path) -> None:
    own = tmp_path / "token"
    own.write_text("other\n")
    asked = opening(server, tmp_path, login="")

    open_report(msgspec.structs.replace(asked, token_file=own), told)

    assert server.seen[0][1]["Authorization"] == "Bearer other"


def test_a_login_without_a_token_is_told_how_to_get_one(server: Server, tmp_path: Path) -> None:
    said = refusal(lambda: open_report(opening(server, tmp_path, login=""), told))

    assert "--report-token FILE" in said
    assert server.seen == []


@pytest.mark.parametrize("url", ["http://127.0.0.1/report", "report", "https://[::1", "https://"])
def test_a_token_never_goes_out_in_the_clear(server: Server, tmp_path: Path, url: str) -> None:
    asked = msgspec.structs.replace(opening(server, tmp_path), url=url)

    assert refusal(lambda: open_report(asked, told)).startswith("--report-url")


def test_a_server_with_another_certificate_gets_no_token(server: Server, tmp_path: Path) -> None:
    other, _ = self_signed().write(tmp_path, "other")
    asked = msgspec.structs.replace(opening(server, tmp_path), ca=other)

    assert "was not reached" in refusal(lambda: open_report(asked, told))
    assert server.seen == []
