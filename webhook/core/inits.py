"""The catalogue of programs that may stand as PID 1: inits, supervisors, and how to tell them.

Measured as PID 1 of a fresh PID namespace, or taken from their documentation; a test compares the
names with tests/data/inits.yaml, where each has its source.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from webhook.core.options import Grammar, Options, options, read


class InitKind(StrEnum):
    """What else a program does besides waiting for orphans."""

    MINIMAL = "minimal-init"
    """Starts one program and passes the stop signal on."""
    PAUSE = "pause"
    """Waits, and starts nothing."""
    SUPERVISOR = "supervisor"
    """Runs several services."""
    SYSTEM = "system-init"
    """Boots a whole system."""


class Child(StrEnum):
    """Where the program stands that an init starts."""

    ARGV = "argv"
    """In the words behind the init's options."""
    HIDDEN = "hidden"
    """In a file of the image, or in words that it runs with `exec`."""


class Init(msgspec.Struct, frozen=True, kw_only=True):
    """One program that may stand as PID 1."""

    name: str
    kind: InitKind
    basenames: tuple[str, ...]
    paths: tuple[str, ...] = ()
    """Whole paths, for programs whose name alone says too little; empty: the basename is enough."""
    grammar: Grammar = Grammar(lenient=True)
    child: Child = Child.HIDDEN
    subcommands: tuple[str, ...] = ()
    """It is an init only if the first operand is one of these."""
    reaps: bool = True
    stops_on: str = ""
    """The signal for a clean stop, where SIGTERM is not."""
    sends: tuple[tuple[str, str], ...] = ()
    """The signals that it passes on, and as what, where these are not all, as they came."""
    must_be_pid1: bool = False
    """Refuses to run where the Pod shares its process namespace."""


def _lenient(flags: str = "", valued: str = "") -> Grammar:
    # An init that meets an option it does not know does not start, or it is a fork that has more
    # of them: in both cases the next word is the best guess at the child.
    return Grammar(options(flags), options(valued), lenient=True)


_MINIMAL = InitKind.MINIMAL
_SUPERVISOR = InitKind.SUPERVISOR
_SYSTEM = InitKind.SYSTEM

INITS: tuple[Init, ...] = (
    Init(
        name="tini",
        kind=_MINIMAL,
        basenames=(
            *("tini", "tini-static", "tini-amd64", "tini-static-amd64", "tini-arm64"),
            *("tini-static-arm64", "as-tini-static", "docker-init", "docker_init"),
        ),
        # -r and -t are of as-tini-static, Aerospike's fork: it turns one signal into another.
        grammar=_lenient("-s -g -v -vv -vvv -w -l -h --version", "-p -e -r -t"),
        child=Child.ARGV,
    ),
    Init(
        name="dumb-init",
        kind=_MINIMAL,
        basenames=(
            *("dumb-init", "dumb_init"),
            *("dumb-init_amd64", "dumb-init_x86_64", "dumb-init_aarch64"),
        ),
        grammar=_lenient("-c --single-child -v --verbose -h --help -V --version", "-r --rewrite"),
        child=Child.ARGV,
    ),
    Init(
        name="catatonit",
        kind=_MINIMAL,
        basenames=("catatonit", "podman-init"),
        grammar=_lenient("-g -h -L -V -P"),
        child=Child.ARGV,
    ),
    Init(
        name="s6-overlay",
        kind=_SUPERVISOR,
        basenames=("init", "s6-overlay-init"),
        paths=("/init",),
        child=Child.ARGV,
        must_be_pid1=True,
    ),
    Init(name="s6-svscan", kind=_SUPERVISOR, basenames=("s6-svscan", "s6-linux-init")),
    Init(
        name="runit",
        kind=_SUPERVISOR,
        basenames=("runsvdir", "runsvdir-start", "runit", "runit-init", "runsvinit"),
        stops_on="SIGHUP",
    ),
    Init(
        name="my_init",
        kind=_SUPERVISOR,
        basenames=("my_init",),
        grammar=_lenient(
            "--skip-startup-files --skip-runit --no-kill-all-on-exit --quiet "
            "--enable-insecure-key -h --help"
        ),
        child=Child.ARGV,
    ),
    Init(
        name="baseimage-osixia",
        kind=_SUPERVISOR,
        basenames=("run",),
        paths=("/container/tool/run",),
    ),
    Init(name="jlesage-cinit", kind=_SUPERVISOR, basenames=("cinit",)),
    Init(name="supervisord", kind=_SUPERVISOR, basenames=("supervisord",)),
    Init(
        name="systemd",
        kind=_SYSTEM,
        basenames=("systemd", "init"),
        paths=(
            *("/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd"),
            *("/usr/lib/systemd/systemd", "/bin/systemd", "/usr/bin/systemd"),
        ),
        stops_on="SIGRTMIN+3",
        must_be_pid1=True,
    ),
    Init(name="openrc-init", kind=_SYSTEM, basenames=("openrc-init",)),
    # /sbin/init is whatever the distribution put there: the entry above answers for it.
    Init(name="sysvinit", kind=_SYSTEM, basenames=("init",), paths=("/sbin/init",)),
    Init(
        name="busybox-init",
        kind=_SYSTEM,
        basenames=("init", "linuxrc"),
        paths=("/sbin/init", "/bin/init", "/linuxrc"),
    ),
    Init(name="finit", kind=_SYSTEM, basenames=("finit",)),
    Init(name="procd", kind=_SYSTEM, basenames=("procd",)),
    Init(name="dinit", kind=_SUPERVISOR, basenames=("dinit",)),
    Init(name="nosh", kind=_SUPERVISOR, basenames=("service-manager", "system-manager")),
    Init(
        name="pebble",
        kind=_SUPERVISOR,
        basenames=("pebble",),
        grammar=_lenient("--verbose --hold --create-dirs", "--identities"),
        # Let's Encrypt's test server has the same name, and none of these words.
        subcommands=("enter", "run"),
    ),
    Init(name="multirun", kind=_SUPERVISOR, basenames=("multirun",)),
    Init(name="go-init", kind=_MINIMAL, basenames=("go-init",)),
    Init(
        name="pid1 (fpco)",
        kind=_MINIMAL,
        basenames=("pid1",),
        grammar=_lenient(
            "-v --verbose",
            "-e --env -u --user -g --group -w --workdir -t --timeout -c --child-timeout",
        ),
        child=Child.ARGV,
        sends=(("SIGTERM", "SIGTERM"), ("SIGINT", "SIGTERM")),
    ),
    # Found under the entry above, whose options hold those of both.
    Init(name="pid1-rs", kind=_MINIMAL, basenames=("pid1",), child=Child.ARGV),
    Init(name="initrs", kind=_MINIMAL, basenames=("initrs",), child=Child.ARGV),
    Init(
        name="tinit",
        kind=_MINIMAL,
        basenames=("tinit", "rinit", "smell-baron", "smell_baron", "peinit", "minit", "sinit"),
        child=Child.ARGV,
    ),
    Init(name="horust", kind=_SUPERVISOR, basenames=("horust",)),
    Init(name="monit", kind=_SUPERVISOR, basenames=("monit",), reaps=False),
    Init(name="circus", kind=_SUPERVISOR, basenames=("circusd",)),
    Init(name="pause", kind=InitKind.PAUSE, basenames=("pause",), paths=("/pause",)),
    Init(name="openshift-pod", kind=InitKind.PAUSE, basenames=("pod",), paths=("/usr/bin/pod",)),
    Init(name="containerpilot", kind=_SUPERVISOR, basenames=("containerpilot",)),
)

NOT_INITS: frozenset[str] = options(
    "forego foreman honcho goreman overmind hivemind pm2-runtime pm2-docker pm2 launcher",
    "container-entrypoint go-runner pilot-agent vault-env chamber aws-env envconsul secrets-init",
    "dockerize npm yarn pnpm npx corepack",
)
"""Start other programs and look like inits, but do not wait for orphans."""


def _index() -> tuple[dict[str, Init], dict[str, Init]]:
    by_path: dict[str, Init] = {}
    by_basename: dict[str, Init] = {}
    for init in INITS:
        for path in init.paths:
            by_path.setdefault(path, init)
        if not init.paths:
            for name in init.basenames:
                by_basename.setdefault(name, init)
    return by_path, by_basename


_BY_PATH, _BY_BASENAME = _index()
BUSYBOX_INIT = next(init for init in INITS if init.name == "busybox-init")


def find(words: tuple[str, ...], at: int = 0) -> Init | None:
    """The init that `words[at]` names, or None; needs no more of the words than its subcommand."""
    word = words[at]
    init = _BY_PATH.get(word) or _BY_BASENAME.get(word.rpartition("/")[2])
    if init is not None and init.subcommands:
        operand = read(words, init.grammar, at + 1).end
        if operand >= len(words) or words[operand] not in init.subcommands:
            return None
    return init


def child_at(init: Init, words: tuple[str, ...], at: int = 0) -> int | None:
    """Where the argv of the init's child begins; None where the argv does not show a child."""
    if init.child is Child.HIDDEN:
        return None
    found: Options = read(words, init.grammar, at + 1)
    return found.end if found.end < len(words) else None
