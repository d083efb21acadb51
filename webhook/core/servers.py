"""Servers that are their own init: what they do as PID 1, measured.

Each was run as PID 1 of a fresh PID namespace with three orphans, and sent its stop signals; a test
compares the table with tests/data/stopsignals.yaml, where the sources stand.
"""

from __future__ import annotations

import msgspec


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One well-known server."""

    name: str
    basenames: tuple[str, ...]
    with_any: tuple[str, ...] = ()
    """Holds only where one of these words is among its arguments."""
    reaps: bool | None = None
    """Whether it waits for orphans that it did not start; None where nobody measured it."""
    good: bool = False
    """Whether it reaps and ends on the signal that its images set, and on SIGTERM."""
    scripts: tuple[str, ...] = ()
    """Those of its names that are scripts, which start it with `exec`."""
    hint: str = ""
    """What its user can change."""


SERVERS: tuple[Server, ...] = (
    Server(name="nginx", basenames=("nginx", "nginx-debug", "openresty"), reaps=True, good=True),
    Server(name="nginx unit", basenames=("unitd",)),
    Server(
        name="apache httpd",
        basenames=("httpd", "apache2", "httpd-foreground", "apache2-foreground", "apachectl"),
        scripts=("httpd-foreground", "apache2-foreground", "apachectl"),
        reaps=True,
        good=True,
    ),
    Server(
        name="php-fpm",
        basenames=("php-fpm", "php-fpm8.2", "php-fpm7", "php-fpm81", "php-fpm82", "php-fpm83"),
        reaps=True,
        good=True,
    ),
    Server(name="php built-in server", basenames=("php",), with_any=("-S",), reaps=False),
    Server(name="postgres", basenames=("postgres", "postmaster"), reaps=True, good=True),
    Server(
        name="haproxy (master-worker, -W or -Ws)",
        basenames=("haproxy",),
        with_any=("-W", "-Ws"),
        reaps=True,
        good=True,
    ),
    Server(
        name="haproxy (single process)",
        basenames=("haproxy",),
        reaps=False,
        hint="With the option -W haproxy reaps, and it ends on SIGTERM.",
    ),
    Server(name="redis / valkey", basenames=("redis-server", "valkey-server"), reaps=False),
    Server(name="memcached", basenames=("memcached",), reaps=False),
    Server(name="mosquitto", basenames=("mosquitto",), reaps=False),
    Server(name="lighttpd", basenames=("lighttpd",), reaps=True, good=True),
    Server(name="varnishd", basenames=("varnishd",), reaps=False),
    Server(name="gunicorn", basenames=("gunicorn",), reaps=True, good=True),
    # Not good: without die-on-term, which may stand in a file, SIGTERM makes it start anew.
    Server(
        name="uwsgi (master)",
        basenames=("uwsgi", "uwsgi-core"),
        with_any=("--master", "-M"),
        reaps=True,
    ),
    # Without a master it does not reap; whether it has one may stand in a file, too.
    Server(name="uwsgi", basenames=("uwsgi", "uwsgi-core")),
    Server(name="unicorn", basenames=("unicorn",), reaps=True, good=True),
)
"""Those that were measured; where two have one name, the first that holds is meant."""

_BY_BASENAME: dict[str, list[Server]] = {}
for _server in SERVERS:
    for _name in _server.basenames:
        _BY_BASENAME.setdefault(_name, []).append(_server)


def find(name: str, arguments: tuple[str, ...]) -> Server | None:
    """The server of this basename with these arguments, or None.

    A version at the end of the name does not matter: php-fpm8.4 is php-fpm.
    """
    plain = name if name in _BY_BASENAME else name.rstrip("0123456789.")
    for server in _BY_BASENAME.get(plain, ()):
        if not server.with_any or any(word in arguments for word in server.with_any):
            return server
    return None
