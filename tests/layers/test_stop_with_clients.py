"""What becomes of a request in work when a server is stopped, beside what is said of it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from signal import Signals

import pytest

from tests.layers.namespaces import SECONDS, WHY_NOT, First, first, until
from tests.layers.real_cases import FPM, Case
from tests.layers.real_programs import surroundings, written
from tests.tools import require_servers
from webhook.core.process import look
from webhook.core.stopping import Effect, stopping

HTTP = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nfinished"
"""Of what stands behind the server: a test holds it back until the server was told to stop."""
NGINX = """\
pid FOLDER/pid; error_log FOLDER/log; user root; daemon off; events {} http {
  access_log off; client_body_temp_path FOLDER/1; proxy_temp_path FOLDER/2;
  fastcgi_temp_path FOLDER/3; uwsgi_temp_path FOLDER/4; scgi_temp_path FOLDER/5;
  server { listen unix:FOLDER/socket; location / { proxy_pass http://unix:FOLDER/behind; } }
}
"""
HAPROXY = """\
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
frontend one
  bind unix@FOLDER/socket
  default_backend two
backend two
  server one unix@FOLDER/behind
"""
LIGHTTPD = """\
server.document-root = "FOLDER"
server.bind = "FOLDER/socket"
server.modules = ("mod_proxy")
proxy.server = ("" => (("socket" => "FOLDER/behind")))
"""
WSGI = """\
import socket
def app(environ, start):
    behind = socket.socket(socket.AF_UNIX)
    behind.connect("FOLDER/behind")
    behind.sendall(b"?")
    start("200 OK", [])
    return [behind.recv(1000)]
"""
ASGI = """\
import asyncio
async def app(scope, receive, send):
    if scope["type"] == "http":
        reader, writer = await asyncio.open_unix_connection("FOLDER/behind")
        writer.write(b"?")
        body = await reader.read()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
"""
RACK = """\
require "socket"
run lambda { |environment|
  behind = UNIXSocket.new("FOLDER/behind")
  behind.write("?")
  body = behind.read
  [200, {"Content-Length" => body.size.to_s}, [body]]
}
"""
PHP = """\
<?php $behind = stream_socket_client("unix://FOLDER/behind");
fwrite($behind, "?"); echo stream_get_contents($behind);
"""
# Its worker is root (-R): nobody else may come by where tests lie.
ROOT_FPM = FPM.replace("nobody", "root").replace("nogroup", "root")
FPM_ARGV = "php-fpm8.2 -n -F -R -y FOLDER/conf"
CASES = {
    "nginx": Case(
        "nginx -e FOLDER/log -p FOLDER -c FOLDER/conf", ("SIGQUIT", "SIGTERM"), (), NGINX
    ),
    "haproxy": Case("haproxy -W -db -f FOLDER/conf", ("SIGUSR1", "SIGTERM"), (), HAPROXY),
    "lighttpd": Case(
        "lighttpd -D -f FOLDER/conf -m DEBIAN/usr/lib/lighttpd", ("SIGINT", "SIGTERM"), (), LIGHTTPD
    ),
    "gunicorn": Case(
        "PYTHON -m gunicorn -b unix:FOLDER/socket --chdir FOLDER app:app",
        ("SIGTERM", "SIGQUIT"),
        (),
        WSGI,
        "app.py",
    ),
    "uvicorn": Case(
        "PYTHON -m uvicorn --uds FOLDER/socket --app-dir FOLDER app:app",
        ("SIGTERM",),
        (),
        ASGI,
        "app.py",
    ),
    "unicorn": Case(
        "unicorn -N -l FOLDER/socket FOLDER/config.ru",
        ("SIGQUIT", "SIGTERM"),
        (),
        RACK,
        "config.ru",
    ),
    "puma": Case(
        "puma -b unix://FOLDER/socket FOLDER/config.ru", ("SIGTERM",), (), RACK, "config.ru"
    ),
    "php-fpm with time": Case(
        FPM_ARGV,
        ("SIGQUIT", "SIGTERM"),
        (),
        ROOT_FPM.replace("[www]", "process_control_timeout = 60s\n[www]"),
    ),
}
RUNS = [(name, signal) for name, case in CASES.items() for signal in case.ends_on]

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no PID namespaces: {WHY_NOT}")


def fastcgi(script: Path) -> bytes:
    """A request as a web server sends it (FastCGI specification, 3.3 and 6.2)."""
    named = {"SCRIPT_FILENAME": str(script), "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/"}
    pairs = b"".join(
        bytes((len(key), len(value))) + f"{key}{value}".encode() for key, value in named.items()
    )

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("!BBHHBB", 1, kind, 1, len(body), 0, 0) + body

    begin = record(1, struct.pack("!HB5x", 1, 0))
    return begin + record(4, pairs) + record(4, b"") + record(5, b"")


def connected(path: Path) -> socket.socket | None:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(SECONDS)
    try:
        client.connect(str(path))
    except OSError:
        client.close()
        return None
    return client


def answered(client: socket.socket) -> bool:
    """Whether the whole answer arrives before the end."""
    got = b""
    with suppress(OSError):
        while piece := client.recv(4096):
            got += piece
            if b"finished" in got:
                return True
    return False


@contextmanager
def working(
    case: Case, folder: Path
) -> Iterator[tuple[First, list[str], socket.socket, socket.socket]]:
    """A server as PID 1 with a request in work: itself, its client, and what it waits for."""
    debian = require_servers()
    argv = written(case, folder, debian)
    folder.chmod(0o755)
    (folder / "script.php").write_text(PHP.replace("FOLDER", str(folder)))
    asked = fastcgi(folder / "script.php") if case.argv is FPM_ARGV else HTTP
    with closing(socket.socket(socket.AF_UNIX)) as behind, first(argv, surroundings(debian)) as one:
        behind.settimeout(SECONDS)
        behind.bind(str(folder / "behind"))
        behind.listen()
        (folder / "behind").chmod(0o777)
        client = until(lambda: connected(folder / "socket"), SECONDS)
        assert client is not None, "it never took a client"
        with closing(client):
            client.sendall(asked)
            held, _ = behind.accept()
            with closing(held):
                assert held.recv(4096)
                # A worker may take requests before its master handles signals.
                handled = sum(1 << (Signals[signal] - 1) for signal in case.ends_on)
                assert until(lambda: one.rests(handled, 0.3), SECONDS), "it never was ready"
                yield one, argv, client, held


@pytest.mark.parametrize(("name", "signal"), RUNS)
def test_a_request_in_work_is_finished_where_that_is_said(
    name: str, signal: str, tmp_path: Path
) -> None:
    with working(CASES[name], tmp_path) as (one, argv, client, held):
        effect = stopping(look(tuple(argv)), signal, alone=True).effect
        one.send(signal)
        if effect is Effect.STOPS:
            assert not one.ends(0.5)
            held.sendall(ANSWER)
            held.close()
            assert answered(client)
            client.close()
        else:
            assert effect is Effect.CUTS
        assert one.ends(SECONDS)
        if effect is Effect.CUTS:
            assert not answered(client)


def test_php_fpm_cuts_requests_where_nothing_gives_them_time(tmp_path: Path) -> None:
    with working(Case(FPM_ARGV, ("SIGQUIT",), (), ROOT_FPM), tmp_path) as (one, argv, client, _):
        said = stopping(look(tuple(argv)), "SIGQUIT", alone=True)
        one.send("SIGQUIT")
        assert one.ends(SECONDS)
        assert not answered(client)
        assert said.effect is Effect.STOPS
        assert "process_control_timeout" in said.note
