"""Real programs that stand as PID 1 in tests, and what becomes of them."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """How a program is started, and which signals it gets.

    In all texts `FOLDER` is a folder of its own, `DEBIAN` where the packages are unpacked, `PORT` a
    port that is free; see `real_programs.filled`.
    """

    argv: str
    ends_on: tuple[str, ...]
    goes_on: tuple[str, ...] = ()
    conf: str = ""
    name: str = "conf"
    """Of the file in which that is written."""
    ready: str = ""
    """A file that is there when it is ready; else a handler for the first signal is."""
    buries: bool = True
    """Whether it is asked about orphans: runsvdir looks for them every five seconds, and setsid
    ends with the first."""
    becomes: str = ""
    """The name of the program that PID 1 is in the end, where that is asked."""


NGINX = "pid FOLDER/pid; error_log FOLDER/log; user root; daemon off; events {}"
APACHE = """\
ServerRoot "FOLDER"
LoadModule mpm_event_module DEBIAN/usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module DEBIAN/usr/lib/apache2/modules/mod_authz_core.so
PidFile "FOLDER/pid"
ErrorLog "FOLDER/log"
ServerName localhost
Mutex posixsem
User nobody
Group nogroup
Listen 127.0.0.1:PORT
"""
HAPROXY = """\
defaults
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend one
  bind unix@FOLDER/socket
"""
SUPERVISOR = """\
[supervisord]
logfile=FOLDER/log
pidfile=FOLDER/pid
childlogdir=FOLDER
[program:one]
command=sleep 60
"""
LIGHTTPD = 'server.document-root = "FOLDER"\nserver.port = PORT\nserver.bind = "127.0.0.1"\n'
REDIS = 'port 0\nunixsocket FOLDER/socket\nsave ""\ndir FOLDER\n'
FPM = """\
[global]
error_log = FOLDER/log
[www]
listen = FOLDER/socket
user = nobody
group = nogroup
pm = static
pm.max_children = 1
"""
MOSQUITTO = "listener 0 FOLDER/socket\nuser root\n"
WSGI = "def app(environ, start): ...\n"
RACK = "run lambda { |environment| [200, {}, []] }\n"
MONIT = "set daemon 60\nset idfile FOLDER/id\nset statefile FOLDER/state\nset pidfile FOLDER/pid\n"
MARIADB = (
    "mariadbd --no-defaults --user=root --datadir=FOLDER --socket=FOLDER/socket --skip-networking "
    "--skip-grant-tables --skip-innodb --default-storage-engine=Aria "
    "--lc-messages-dir=DEBIAN/usr/share/mysql "
    "--log-error=FOLDER/log --pid-file=FOLDER/pid"
)
GIVE_WAY = (
    "env A=1 nice -n 1 ionice -c 2 stdbuf -o0 nohup prlimit --nofile=100 setpriv --nnp "
    "chpst -n 1 gosu nobody sleep 60"
)
INITTAB = "::sysinit:/bin/busybox touch /ready\n::respawn:/bin/busybox sleep 60\n"

SERVERS = {
    "nginx": Case(
        "nginx -e FOLDER/log -p FOLDER -c FOLDER/conf",
        ("SIGQUIT", "SIGTERM"),
        ("SIGWINCH", "SIGHUP", "SIGUSR1"),
        NGINX,
    ),
    "apache": Case(
        "apache2 -f FOLDER/conf -D FOREGROUND", ("SIGWINCH", "SIGTERM"), ("SIGHUP",), APACHE
    ),
    "haproxy with a master": Case(
        "haproxy -W -db -f FOLDER/conf",
        ("SIGUSR1", "SIGTERM"),
        ("SIGUSR2",),
        HAPROXY,
        ready="socket",
    ),
    "haproxy alone": Case(
        "haproxy -db -f FOLDER/conf", ("SIGUSR1",), ("SIGTERM",), HAPROXY, ready="socket"
    ),
    "redis": Case(
        "redis-server FOLDER/conf", ("SIGTERM", "SIGINT"), ("SIGWINCH",), REDIS, ready="socket"
    ),
    "memcached": Case("memcached -u root -s FOLDER/socket", ("SIGTERM",), ("SIGWINCH",)),
    "lighttpd": Case("lighttpd -D -f FOLDER/conf", ("SIGINT", "SIGTERM"), ("SIGWINCH",), LIGHTTPD),
    "php-fpm": Case(
        "php-fpm8.2 -n -F -R -y FOLDER/conf",
        ("SIGQUIT", "SIGTERM", "SIGINT"),
        ("SIGUSR1", "SIGUSR2"),
        FPM,
        ready="socket",
    ),
    "php's own server": Case(
        "php8.2 -n -S 127.0.0.1:PORT -t FOLDER", ("SIGINT",), ("SIGTERM", "SIGQUIT")
    ),
    "mariadb": Case(
        MARIADB,
        ("SIGTERM", "SIGQUIT"),
        ("SIGHUP", "SIGINT", "SIGUSR1"),
        ready="socket",
    ),
    "varnishd": Case(
        "varnishd -F -f EMPTY -a FOLDER/socket -n FOLDER/n -j none",
        ("SIGTERM", "SIGINT"),
        ("SIGWINCH",),
    ),
    "mosquitto": Case(
        "mosquitto -c FOLDER/conf",
        ("SIGTERM", "SIGINT"),
        ("SIGHUP", "SIGUSR1", "SIGUSR2"),
        MOSQUITTO,
        ready="socket",
    ),
    "nats-server": Case(
        "nats-server -a 127.0.0.1 -p PORT --ports_file_dir FOLDER",
        ("SIGTERM", "SIGINT", "SIGUSR2"),
        ("SIGHUP", "SIGUSR1"),
        ready="nats-server_1.ports",
    ),
    "gunicorn": Case(
        "PYTHON -m gunicorn -b unix:FOLDER/socket --chdir FOLDER app:app",
        ("SIGTERM", "SIGQUIT", "SIGINT"),
        ("SIGHUP", "SIGUSR1", "SIGWINCH"),
        WSGI,
        "app.py",
        ready="socket",
    ),
    "uvicorn": Case(
        "PYTHON -m uvicorn --uds FOLDER/socket --app-dir FOLDER app:app",
        ("SIGTERM", "SIGINT"),
        ("SIGWINCH",),
        WSGI,
        "app.py",
        ready="socket",
    ),
    "uwsgi with a master": Case(
        "uwsgi-core --master --socket FOLDER/socket",
        ("SIGINT",),
        ("SIGTERM", "SIGHUP"),
        ready="socket",
    ),
    "uwsgi, die-on-term": Case(
        "uwsgi-core --master --die-on-term --socket FOLDER/socket",
        ("SIGTERM", "SIGINT"),
        ("SIGQUIT", "SIGHUP"),
        ready="socket",
    ),
    "uwsgi alone": Case("uwsgi-core --socket FOLDER/socket", ("SIGINT",), ready="socket"),
    "unicorn": Case(
        "unicorn -N -l FOLDER/socket FOLDER/config.ru",
        ("SIGQUIT", "SIGTERM", "SIGINT"),
        ("SIGHUP", "SIGUSR1", "SIGWINCH"),
        RACK,
        "config.ru",
        ready="socket",
    ),
    "puma": Case(
        "puma -b unix://FOLDER/socket FOLDER/config.ru",
        ("SIGTERM", "SIGINT"),
        ("SIGUSR1", "SIGTTIN"),
        RACK,
        "config.ru",
        ready="socket",
    ),
}
INITS = {
    "supervisord": Case("supervisord -n -c FOLDER/conf", ("SIGTERM",), ("SIGWINCH",), SUPERVISOR),
    "s6-svscan": Case("s6-svscan FOLDER", ("SIGTERM", "SIGINT"), ("SIGWINCH",)),
    "runsvdir": Case("runsvdir FOLDER", ("SIGHUP",), buries=False),
    "busybox init": Case("chroot ROOT /bin/init", ("SIGTERM",), ("SIGHUP",), ready="ready"),
    "monit": Case("monit -I -c FOLDER/conf", ("SIGTERM",), ("SIGQUIT",), MONIT),
    "tini over redis": Case(
        "tini -- redis-server FOLDER/conf", ("SIGTERM",), (), REDIS, ready="socket"
    ),
    "dumb-init that rewrites": Case(
        "dumb-init -r 15:3 -r 28:0 -- supervisord -n -c FOLDER/conf",
        ("SIGTERM",),
        ("SIGWINCH",),
        SUPERVISOR,
        ready="pid",
    ),
    "catatonit": Case(
        "catatonit -- redis-server FOLDER/conf", ("SIGTERM",), (), REDIS, ready="socket"
    ),
    "pid1, which passes on two signals": Case(
        "pid1 nginx -e FOLDER/log -p FOLDER -c FOLDER/conf",
        ("SIGTERM", "SIGINT"),
        ("SIGQUIT", "SIGHUP"),
        NGINX,
        ready="pid",
    ),
}
OTHERS = {
    "sleep": Case("sleep 60", (), ("SIGTERM", "SIGINT", "SIGQUIT")),
    "tini over sleep": Case("tini -- sleep 60", ("SIGTERM", "SIGUSR1"), ("SIGWINCH",)),
    "dumb-init over sleep": Case("dumb-init -- sleep 60", ("SIGTERM",)),
    "programs that give way": Case(GIVE_WAY, (), ("SIGTERM",), becomes="sleep"),
    "timeout": Case("timeout 60 sleep 60", ("SIGTERM",)),
    "runuser": Case("runuser -u nobody -- sleep 60", ("SIGTERM",)),
    "flock": Case("flock FOLDER/lock sleep 60", (), ("SIGTERM",), becomes="flock"),
    "flock that gives way": Case(
        "flock -F FOLDER/lock sleep 60", (), ("SIGTERM",), becomes="sleep"
    ),
    "setsid": Case("setsid --wait sleep 60", (), ("SIGTERM",), buries=False, becomes="setsid"),
    "xargs": Case("xargs sleep 60", (), ("SIGTERM",), becomes="xargs"),
    "the shell of a text": Case("DASH -c TEXT", (), ("SIGTERM",)),
    "python without a handler": Case("PYTHON -c SLEEPS", ("SIGINT",), ("SIGTERM",)),
    "tini over python": Case("tini -- PYTHON -c SLEEPS", ("SIGTERM",)),
    "node without a handler": Case("NODE -e WAITS", (), ("SIGTERM", "SIGINT")),
    "node with a handler": Case("NODE -e HANDLES", ("SIGTERM",), ready="ready"),
    "tini over node": Case("tini -- NODE -e WAITS", ("SIGTERM",)),
    "ruby without a handler": Case("ruby3.1 -e RESTS", ("SIGTERM", "SIGINT")),
}
CASES = SERVERS | INITS | OTHERS
