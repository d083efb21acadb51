"""Programs that start another program: those that become it, and those that stay in front of it.

Measured as PID 1, or taken from their manual pages; a test compares the names with
tests/data/inits.yaml.
"""

from __future__ import annotations

import shlex

import msgspec

from webhook.core.options import Grammar, options, read
from webhook.core.shelltext import CannotTell

MAX_SPLIT = 4096
"""Characters of an `env -S` text that are read."""


class Wrapper(msgspec.Struct, frozen=True, kw_only=True):
    """How a program that becomes another one (execve) writes the other's argv."""

    grammar: Grammar = Grammar()
    operands: int = 0
    """Words between its options and the program: a user, a mask, a folder."""
    assignments: bool = False
    """Whether `NAME=VALUE` words stand in front of the program."""
    subcommands: tuple[str, ...] = ()
    """It becomes another program only behind one of these."""
    only_with: tuple[str, ...] = ()
    """It becomes another program only with one of these options; else it stays."""
    starts: tuple[str, ...] = ()
    """Words in front of what it starts."""
    commands: tuple[str, ...] = ()
    """Words behind its operands that make the next one the text of a shell."""


def _grammar(
    flags: str = "", valued: str = "", *, last: str = "", numeric: bool = False
) -> Grammar:
    return Grammar(options(flags), options(valued), options(last), numeric=numeric)


_USER = Wrapper(operands=1)
_PLAIN = Wrapper()
_SOFTLIMIT = Wrapper(grammar=_grammar("-H -h", "-m -d -s -l -a -p -o -f -c -r -t"))
_ENVDIR = Wrapper(grammar=_grammar("-I -i -f -n -N -L -C -c"), operands=1)

WRAPPERS: dict[str, Wrapper] = {
    "gosu": _USER,
    "su-exec": _USER,
    "setpriv": Wrapper(
        grammar=_grammar(
            "-d --dump --clear-groups --keep-groups --init-groups --nnp --no-new-privs --reset-env "
            "--list-caps",
            "--ambient-caps --inh-caps --bounding-set --groups --rgid --egid --regid --ruid --euid "
            "--reuid --securebits --pdeathsig --ptracer --selinux-label --apparmor-profile "
            "--landlock-access --landlock-rule --seccomp-filter",
        )
    ),
    "chpst": Wrapper(
        grammar=_grammar(
            "-v -V -P -0 -1 -2", "-u -U -b -e -/ -C -n -l -L -m -d -o -p -f -c -t -r -a -s"
        )
    ),
    "setuidgid": _USER,
    "s6-setuidgid": _USER,
    "envuidgid": _USER,
    "envdir": _ENVDIR,
    "s6-envdir": _ENVDIR,
    "softlimit": _SOFTLIMIT,
    "s6-softlimit": _SOFTLIMIT,
    "with-contenv": _PLAIN,
    "s6-env": Wrapper(grammar=_grammar("-i", "-u"), assignments=True),
    "env": Wrapper(
        grammar=_grammar(
            "- -i --ignore-environment -0 --null -v --debug --block-signal --default-signal "
            "--ignore-signal --list-signal-handling",
            "-u --unset -C --chdir -S --split-string -a --argv0",
            # The words of such a text stand in its place, so that they may be options again.
            last="-S --split-string",
        ),
        assignments=True,
    ),
    "nice": Wrapper(grammar=_grammar("", "-n --adjustment", numeric=True)),
    "ionice": Wrapper(
        grammar=_grammar("-t --ignore", "-c --class -n --classdata -p --pid -P --pgid -u --uid")
    ),
    "taskset": Wrapper(grammar=_grammar("-a --all-tasks -c --cpu-list"), operands=1),
    "chrt": Wrapper(
        grammar=_grammar(
            "-a --all-tasks -b --batch -d --deadline -e --ext -f --fifo -i --idle -o --other "
            "-r --rr -R --reset-on-fork -v --verbose",
            "-T --sched-runtime -P --sched-period -D --sched-deadline",
        ),
        operands=1,
    ),
    "numactl": Wrapper(
        grammar=_grammar(
            "-a --all -b --balancing -l --localalloc -t --strict",
            "-i --interleave -w --weighted-interleave -m --membind -N --cpunodebind "
            "-C --physcpubind -p --preferred -P --preferred-many",
        )
    ),
    "prlimit": Wrapper(
        grammar=_grammar(
            "--core --data --nice --fsize --sigpending --memlock --rss --nofile --msgqueue "
            "--rtprio --stack --cpu --nproc --as --locks --rttime --verbose --noheadings --raw"
        )
    ),
    "chroot": Wrapper(
        grammar=_grammar("--skip-chdir", "--groups --userspec --user --group"), operands=1
    ),
    # capsh runs a shell with what stands behind `--`; its own options all carry their value.
    "capsh": Wrapper(
        grammar=_grammar(
            "--drop --caps --inh --addamb --delamb --noamb --secbits --uid --user --gid --groups "
            "--keep --chroot --strict --shell --mode --no-new-privs --iab --inmode"
        ),
        starts=("/bin/bash",),
    ),
    "stdbuf": Wrapper(grammar=_grammar("", "-i --input -o --output -e --error")),
    "nohup": _PLAIN,
    "opentelemetry-instrument": Wrapper(
        grammar=_grammar(
            "",
            "--traces_exporter --metrics_exporter --logs_exporter --service_name "
            "--exporter_otlp_endpoint --resource_attributes --propagators --id_generator",
        )
    ),
    "ddtrace-run": Wrapper(grammar=_grammar("-d --debug -i --info -p --profiling")),
    "newrelic-admin": Wrapper(subcommands=("run-program",)),
    "bundle": Wrapper(
        grammar=_grammar("--verbose --keep-file-descriptors --no-color", "-r --retry"),
        subcommands=("exec",),
    ),
    "flock": Wrapper(
        grammar=_grammar(
            "-s --shared -x -e --exclusive -n --nb --nonblock -u --unlock -o --close -F --no-fork "
            "--verbose",
            "-w --wait --timeout -E --conflict-exit-code",
        ),
        operands=1,
        only_with=("-F", "--no-fork"),
        commands=("-c", "--command"),
    ),
}
"""By basename. busybox is not here: its applet is the program."""

LOADERS: frozenset[str] = options("execlineb")
"""Become what a script of their own says: nothing in an argv shows it."""

STAYS: dict[str, bool | None] = {
    "timeout": True,
    "su": True,
    "runuser": True,
    "sudo": True,
    "flock": False,
    "xargs": False,
    # It forks where it leads a process group, and runc makes every PID 1 lead one: without --wait
    # PID 1 ends at once.
    "setsid": False,
    "script": False,
    "strace": False,
    "ltrace": None,
    "gdb": None,
    "uv": None,
    **dict.fromkeys(
        ("nodemon", "ts-node-dev", "air", "watchexec", "reflex", "entr", "concurrently")
    ),
    **dict.fromkeys(("mvn", "gradle", "sbt", "lein", "catalina.sh")),
}
"""Stay as PID 1 in front of what they start; whether they pass SIGTERM on (None: not known)."""
REAPING: frozenset[str] = options("sudo xargs script strace")
"""Those of them that wait for orphans."""


def unwrap(name: str, words: tuple[str, ...]) -> tuple[str, ...] | CannotTell | None:
    """The argv that `words` becomes, `name` being the basename of its first.

    None where it becomes nothing else: no wrapper, one without a program, or one that stays.
    """
    wrapper = WRAPPERS.get(name)
    if wrapper is None:
        return None
    found = read(words, wrapper.grammar)
    if found.unknown:
        return CannotTell(f"its option {found.unknown[:40]} is not known here")
    if wrapper.only_with and not found.has(*wrapper.only_with):
        return None
    rest = words[found.end :]
    if found.has(*wrapper.grammar.last):
        split = _split(found.given[-1][1])
        if split is None:
            return CannotTell("the text in its options cannot be read")
        return (words[0], *split, *rest)
    if wrapper.subcommands:
        if not rest or rest[0] not in wrapper.subcommands:
            return None
        rest = rest[1:]
    if wrapper.assignments:
        at = next((at for at, word in enumerate(rest) if "=" not in word), len(rest))
        rest = rest[at:]
    rest = rest[wrapper.operands :]
    if rest and rest[0] in wrapper.commands:
        return ("sh", "-c", *rest[1:])
    return wrapper.starts + rest or None


def _split(text: str) -> tuple[str, ...] | None:
    """The words of an `env -S` text; None where it is too long, broken, or holds variables."""
    if len(text) > MAX_SPLIT or "$" in text:
        return None
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return None
