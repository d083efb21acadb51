"""What well-known programs do about the signals that could stop them.

From their documentation, or measured as PID 1 of a fresh PID namespace; a test compares the table
with tests/data/stopsignals.yaml, where the sources stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core import servers
from webhook.core.argv import basename
from webhook.core.standing import Kind

if TYPE_CHECKING:
    from webhook.core.standing import Process


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """One program. What it does about a signal that stands nowhere here is not known."""

    name: str
    """Of the catalogues of servers and inits, where it is in one."""
    basenames: tuple[str, ...] = ()
    """Of programs that are in neither."""
    graceful: frozenset[str] = frozenset()
    """It ends, and finishes first what it does. Messages name `better`."""
    better: str = ""
    """The one of them to send."""
    fast: frozenset[str] = frozenset()
    """It ends at once, and cuts what it does."""
    waits: frozenset[str] = frozenset()
    """It ends when the last of its clients has left, whenever that is."""
    deaf: frozenset[str] = frozenset()
    """It does something else, or nothing at all."""
    bare: bool = False
    """Whether it has no handler for what stands nowhere here, so that the kernel decides."""
    code: bool = False
    """Whether what it runs may have a handler."""
    seconds: int = 0
    """How long a stop may take by what its makers say; 0 where they say nothing."""
    hint: str = ""
    """What its user can change, a sentence."""
    note: str = ""
    """What must be set for it to finish what it does on `graceful`, a sentence."""


def _of(  # noqa: PLR0917 - columns of the table below
    name: str,
    better: str = "",
    also: str = "",
    fast: str = "",
    deaf: str = "",
    basenames: str = "",
    *,
    waits: str = "",
    bare: bool = False,
    code: bool = False,
    seconds: int = 0,
    hint: str = "",
    note: str = "",
) -> Reaction:
    def full(words: str) -> frozenset[str]:
        return frozenset(f"SIG{word}" for word in words.split())

    return Reaction(
        name=name,
        basenames=tuple(basenames.split()),
        graceful=full(f"{better} {also}"),
        better=f"SIG{better}" if better else "",
        fast=full(fast),
        waits=full(waits),
        deaf=full(deaf),
        bare=bare,
        code=code,
        seconds=seconds,
        hint=hint,
        note=note,
    )


_DIE = "With --die-on-term (`die-on-term = true` in its configuration) it ends on SIGTERM."
_WAITS = (
    "It waits for its requests only as long as `process_control_timeout` in its configuration "
    "says, which is 0 by default."
)
_MASTER = "With the option -W haproxy ends on SIGTERM too."

REACTIONS: tuple[Reaction, ...] = (
    _of("nginx", "QUIT", "", "TERM INT", "HUP USR1 USR2 WINCH"),
    _of("nginx unit", "QUIT", "", "TERM INT"),
    _of("apache httpd", "WINCH", "", "TERM", "HUP USR1"),
    _of("php-fpm", "QUIT", "", "TERM INT", "USR1 USR2", hint=_WAITS, note=_WAITS),
    _of("php built-in server", "INT", bare=True),
    _of("postgres", "INT", "", "QUIT", "HUP USR1", waits="TERM", seconds=90),
    _of("haproxy (master-worker, -W or -Ws)", "USR1", "", "TERM", "HUP USR2"),
    _of("haproxy (single process)", "USR1", "", "", "HUP", bare=True, hint=_MASTER),
    _of("redis / valkey", "TERM", "INT"),
    _of("memcached", "TERM"),
    _of("mosquitto", "TERM", "INT", "", "HUP USR1 USR2"),
    _of("lighttpd", "INT", "", "TERM", "HUP"),
    _of("varnishd", "TERM", "INT"),
    _of("gunicorn", "TERM", "", "QUIT INT", "HUP USR1 USR2 TTIN TTOU WINCH", seconds=30),
    # die-on-term changes the meaning of SIGTERM and SIGQUIT; without a master SIGHUP ends it.
    _of("uwsgi, die-on-term", "", "", "INT TERM", "QUIT"),
    _of("uwsgi (master)", "", "", "INT", "HUP", hint=_DIE),
    _of("uwsgi", "", "", "INT", "", hint=_DIE),
    _of("mysql / mariadb", "TERM", "QUIT", "", "HUP INT USR1", "mysqld mariadbd"),
    _of("mongod", "TERM", "INT", "", "USR1", "mongod mongos"),
    _of("traefik", "TERM", "INT", "", "USR1", "traefik"),
    _of("nats-server", "TERM", "USR2", "INT", "HUP USR1", "nats-server"),
    _of("caddy", "TERM", "INT", "QUIT", "HUP USR1 USR2", "caddy"),
    _of("envoy", "", "", "TERM INT", "", "envoy"),
    _of("unicorn", "QUIT", "", "TERM INT", "HUP USR1 USR2 WINCH TTIN TTOU"),
    _of("puma", "TERM", "INT", "", "USR1 USR2 TTIN TTOU", "puma"),
    _of("sidekiq", "TERM", "", "", "TTIN TSTP", "sidekiq", seconds=25),
    _of("celery worker", "TERM", "INT", "QUIT", "HUP USR1 USR2", "celery"),
    _of("squid", "TERM", "", "INT", "HUP USR1 USR2", "squid", seconds=30),
    _of("rabbitmq", "TERM", "", "", "", "rabbitmq-server"),
    _of("aerospike", "TERM", "", "", "", "asd"),
    _of("uvicorn", "TERM", "INT", "", "", "uvicorn"),
    # Supervisors: what stops their services and then themselves.
    _of("supervisord", "TERM", "INT QUIT", "", "HUP USR2 WINCH", seconds=10),
    _of("systemd", "RTMIN+3", "RTMIN+4", "", "TERM HUP USR1 USR2"),
    _of("s6-svscan", "TERM", "INT"),
    _of("runit", "HUP", "", "TERM"),
    _of("s6-overlay", "TERM", seconds=11),
    _of("busybox-init", "TERM", "USR1 USR2"),
    _of("circus", "TERM", "INT QUIT"),
    _of("pause", "TERM", "INT"),
    _of("openshift-pod", "TERM", "INT"),
    # Runtimes, by what they do themselves.
    _of("Python", "", "INT", "", "", "python pypy", code=True),
    _of("Node.js", "", "", "", "", "node nodejs", code=True),
    _of("Java", "TERM", "INT HUP", "", "QUIT", "java"),
    _of("Ruby", "TERM", "INT", "", "", "ruby", code=True),
    _of("sleep", "", "", "", "", "sleep", bare=True),
    _of("tail", "", "", "", "", "tail", bare=True),
)
"""By name; runtimes without the version that is part of theirs, as in python3.12."""

GO = _of("Go", "TERM", "INT HUP", "", "")
"""Every Go program: its runtime has handlers (os/signal, «Default behavior of signals»)."""
UNHEARD_OF = _of("", code=True)

_BY_NAME = {one.name: one for one in REACTIONS}
_BY_BASENAME = {name: one for one in REACTIONS for name in one.basenames}
_ORDINARY = _of("", "TERM")
"""Of an init of which nothing else is known."""
_DIE_ON_TERM = "--die-on-term"


def of_init(name: str) -> Reaction:
    """What an init of the catalogue does by itself, before anything that it starts."""
    return _BY_NAME.get(name, _ORDINARY)


def of_program(process: Process) -> Reaction:
    """What the program does that gets the signal in the end: the words of `process.argv`."""
    if process.kind is Kind.SUPERVISOR or (process.kind is Kind.INIT and not process.argv):
        return of_init(process.name)
    if not process.argv:
        return UNHEARD_OF
    name, rest = basename(process.argv[0]), process.argv[1:]
    known = _find(name, rest)
    if known is None and process.built == "go":
        return GO
    if known is None:
        return UNHEARD_OF
    if known.name == "Python" and rest[:1] == ("-m",):
        # `python -m gunicorn …` is gunicorn.
        return (_find(rest[1], rest[2:]) if len(rest) > 1 else None) or known
    return known


def _find(name: str, rest: tuple[str, ...]) -> Reaction | None:
    server = servers.find(name, rest)
    if server is not None:
        die = server.name.startswith("uwsgi") and _DIE_ON_TERM in rest
        return _BY_NAME["uwsgi, die-on-term" if die else server.name]
    return _BY_BASENAME.get(name) or _BY_BASENAME.get(name.rstrip("0123456789."))
