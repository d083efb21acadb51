"""What PID 1 will be."""

from __future__ import annotations

import shlex
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import config
from webhook.core.argv import Unresolved
from webhook.core.pid1 import pid1
from webhook.core.process import MAX_LINKS, MAX_SCANNED, look
from webhook.core.standing import Kind, Process

VOCABULARY = [
    *("tini", "--", "-g", "sh", "-c", "bash", "exec app", "app", "app; exec tini app", "env"),
    *("A=b", "gosu", "x", "/entrypoint.sh", "supervisord", "nginx", "haproxy", "-W", "busybox"),
    *("flock", "-F", "timeout", "5", "execlineb", "/init", "monit", "npm", "", "-S", "exec $X"),
    *("pebble", "run", "capsh", "my-init", 'exec "$@"', "$(X)", "pwsh", "-File"),
]
ARGVS = st.lists(st.sampled_from(VOCABULARY) | st.text(max_size=6), max_size=8).map(tuple)


def seen(text: str, named: tuple[str, ...] = ()) -> Process:
    return look(tuple(shlex.split(text)), named)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("", Kind.NOTHING, ""),
        ("tini -- app", Kind.INIT, "tini"),
        ("/usr/bin/dumb-init app", Kind.INIT, "dumb-init"),
        ("/pause", Kind.INIT, "pause"),
        ("tini", Kind.INIT, "tini"),
        ("supervisord -n", Kind.SUPERVISOR, "supervisord"),
        ("/init app", Kind.SUPERVISOR, "s6-overlay"),
        ("/sbin/init", Kind.SUPERVISOR, "systemd"),
        ("multirun 'a b' c", Kind.SUPERVISOR, "multirun"),
        ("busybox init", Kind.SUPERVISOR, "busybox-init"),
        ("/bin/busybox sh -c app", Kind.PROGRAM, "app"),
        ("/bin/busybox sh -c 'app; x'", Kind.SHELL_FORM, "sh"),
        ("busybox env tini app", Kind.INIT, "tini"),
        ("busybox", Kind.PROGRAM, "busybox"),
        ("monit -I", Kind.PROGRAM, "monit"),
        ("pebble -config x", Kind.PROGRAM, "pebble"),
        ("app -x", Kind.PROGRAM, "app"),
        ("''", Kind.PROGRAM, ""),
        ("env -i A=B gosu x nice tini -- app", Kind.INIT, "tini"),
        ("env -S '-i A=B tini --' app", Kind.INIT, "tini"),
        ("gosu x app", Kind.PROGRAM, "app"),
        ("gosu x nginx", Kind.SERVER, "nginx"),
        ("setpriv --frob tini", Kind.PROGRAM, "setpriv"),
        ("nginx -g 'daemon off;'", Kind.SERVER, "nginx"),
        ("/usr/sbin/haproxy -W -f x", Kind.SERVER, "haproxy"),
        ("haproxy -f x", Kind.PROGRAM, "haproxy"),
        ("redis-server", Kind.PROGRAM, "redis-server"),
        ("httpd-foreground", Kind.SERVER, "httpd-foreground"),
        ("/docker-entrypoint.sh nginx", Kind.SCRIPT, "docker-entrypoint.sh"),
        ("bash -e /usr/bin/start a", Kind.SCRIPT, "start"),
        ("execlineb -P /run", Kind.SCRIPT, "execlineb"),
        ("/entrypoint.sh tini -- app", Kind.INIT, "tini"),
        ("sh /run -x supervisord -n", Kind.SUPERVISOR, "supervisord"),
        ("/entrypoint.sh /init", Kind.SUPERVISOR, "s6-overlay"),
        ("/entrypoint.sh monit", Kind.SCRIPT, "entrypoint.sh"),
        ("sh", Kind.SHELL, "sh"),
        ("/bin/bash -l", Kind.SHELL, "bash"),
        ("sh -c app", Kind.SHELL_FORM, "sh"),
        ("sh -c 'exec app'", Kind.PROGRAM, "app"),
        ("sh -c 'cd /x && exec tini -- app'", Kind.INIT, "tini"),
        ("sh -c 'exec gosu x nginx'", Kind.SERVER, "nginx"),
        ("sh -c 'exec sh -c app'", Kind.SHELL_FORM, "sh"),
        ("sh -c 'exec \"$@\"' -- tini app", Kind.INIT, "tini"),
        ("sh -c 'exec /start.sh'", Kind.SCRIPT, "start.sh"),
        ("pwsh -Command x", Kind.SHELL_FORM, "pwsh"),
        ("timeout 5 app", Kind.WRAPPER, "timeout"),
        ("flock /lock app", Kind.WRAPPER, "flock"),
        ("flock -F /lock tini app", Kind.INIT, "tini"),
        ("catalina.sh run", Kind.SCRIPT, "catalina.sh"),
        ("npm start", Kind.PROGRAM, "npm"),
    ],
)
def test_what_stands_as_pid_1(text: str, kind: Kind, name: str) -> None:
    process = seen(text)

    assert (process.kind, process.name) == (kind, name)


@pytest.mark.parametrize(
    ("text", "reaps", "hears"),
    [
        ("tini -- app", True, True),
        ("tini -- sh", True, True),
        ("tini -- timeout 5 app", True, True),
        ("tini -- /start.sh", True, None),
        ("tini -- sh -c app", True, False),
        ("tini -g -- sh -c app", True, False),
        ("dumb-init bash -ec 'a; b'", True, False),
        ("tini -- sh -c 'exec app'", True, True),
        ("tini -- sh -c 'exec sh -c app'", True, False),
        ("tini -- gosu x sh -c app", True, False),
        ("tini -- tini -- sh -c app", True, False),
        ("/entrypoint.sh tini sh -c app", True, False),
        ("/init sh -c app", True, False),
        ("supervisord -n", True, True),
        ("nginx", True, True),
        ("sh -c app", True, False),
        ("sh", True, False),
        ("/start.sh", None, None),
        ("app", None, True),
        ("npm start", False, True),
        ("redis-server", False, True),
        ("uwsgi --master", True, True),
        ("uwsgi --ini x", None, True),
        ("unicorn -c x", True, True),
        ("timeout 5 app", False, True),
        ("xargs app", True, False),
        ("flock x app", False, False),
        ("gdb app", False, None),
        ("sudo app", True, True),
    ],
)
def test_the_two_duties_are_told_apart(
    text: str, *, reaps: bool | None, hears: bool | None
) -> None:
    process = seen(text)

    assert (process.reaps, process.hears) == (reaps, hears)


@pytest.mark.parametrize(
    ("text", "loses"),
    [
        ("tini -- sh -c app", True),
        ("supervisord", False),
        ("/init sh -c app", True),
        ("sh -c app", True),
        ("sh", False),
        ("xargs app", False),
        ("tini -- app", False),
        ("tini -- /start.sh", False),
    ],
)
def test_a_shell_between_loses_the_signal(text: str, *, loses: bool) -> None:
    assert seen(text).loses_signal is loses


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my-init app", Kind.INIT),
        ("/anywhere/my-init --flag -- app", Kind.INIT),
        ("/opt/run app", Kind.INIT),
        ("/usr/opt/run app", Kind.PROGRAM),
        ("run app", Kind.PROGRAM),
        ("/start.sh my-init", Kind.INIT),
        ("env my-init", Kind.INIT),
        ("nginx", Kind.INIT),
    ],
)
def test_inits_that_a_policy_names_are_inits(text: str, kind: Kind) -> None:
    assert seen(text, ("my-init", "/opt/run", "nginx")).kind is kind


def test_a_shell_loses_the_signal_behind_a_named_init_too() -> None:
    assert seen("my-init -x -- sh -c app", ("my-init",)).loses_signal


def test_a_variable_in_place_of_the_program_stays_open() -> None:
    unknown = Unresolved("$(APP)")

    assert look((unknown, "x")).kind is Kind.VARIABLE
    assert look(("gosu", "x", unknown)).kind is Kind.VARIABLE
    assert look(("sh", unknown)).kind is Kind.VARIABLE
    assert look(("sh", "-c", Unresolved("exec $(APP)"))).kind is Kind.VARIABLE
    assert look(("sh", "-c", unknown)).kind is Kind.VARIABLE
    assert look(("gosu", unknown, "app")).kind is Kind.PROGRAM
    assert look(("tini", "--", unknown)).kind is Kind.INIT


def test_the_script_in_front_of_an_init_is_told() -> None:
    assert seen("/start.sh tini app").behind == "/start.sh"
    assert seen("sh /start.sh supervisord").behind == "/start.sh"
    assert seen("tini /start.sh").behind == ""


def test_long_chains_and_long_scripts_are_not_followed_for_ever() -> None:
    env = ("env",)

    assert look(env * (MAX_LINKS - 1) + ("tini",)).kind is Kind.INIT
    assert look(env * MAX_LINKS + ("tini",)).kind is Kind.PROGRAM
    assert look(("tini", *env * MAX_LINKS, "sh", "-c", "app")).loses_signal
    assert look(("/x.sh", *("a",) * (MAX_SCANNED - 1), "tini")).kind is Kind.INIT
    assert look(("/x.sh", *("a",) * MAX_SCANNED, "tini")).kind is Kind.SCRIPT


def test_a_hundred_thousand_words_are_judged_in_no_time() -> None:
    began = time.process_time()
    for word in ("env", "tini", "A=b", "-x", "/start.sh", "sh", "busybox", "pebble"):
        look((word,) * 100_000)

    assert time.process_time() - began < 5


@given(ARGVS)
def test_any_argv_is_judged(argv: tuple[str, ...]) -> None:
    process = look(argv, ("my-init",))

    assert (process.kind is Kind.NOTHING) is (not argv)


@given(ARGVS)
def test_an_init_in_front_never_makes_it_worse(argv: tuple[str, ...]) -> None:
    before = look(argv)
    after = look(("tini", "--", *argv))

    assert after.kind is Kind.INIT
    assert after.reaps
    assert not after.loses_signal or before.loses_signal


@given(ARGVS.filter(bool))
def test_a_wrapper_in_front_changes_nothing(argv: tuple[str, ...]) -> None:
    assert look(("gosu", "nobody", *argv)) == look(argv)


@given(ARGVS)
def test_exec_in_a_shell_changes_nothing(argv: tuple[str, ...]) -> None:
    words = ("app", *argv)

    assert look(("sh", "-c", f"exec {shlex.join(words)}")) == look(words)


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "summary"),
    [
        ("tini --", "/app", "init tini: tini -- /app"),
        ("", "/sbin/init", "supervisor systemd: /sbin/init"),
        ("", "nginx -g 'daemon off;'", 'server nginx: nginx -g "daemon off;"'),
        ("/docker-entrypoint.sh", "nginx", "script: /docker-entrypoint.sh nginx"),
        ("", "sh -c 'app x'", 'shell form: sh -c "app x"'),
        ("timeout 5", "app", "wrapper timeout: timeout 5 app"),
        ("", "bash", "shell: bash"),
        ("", "node 'a\nb'", 'program: node "a\\nb"'),
        ("", "", "none: the image names no command"),
    ],
)
def test_pid_1_of_an_image_in_one_line(entrypoint: str, cmd: str, summary: str) -> None:
    one = pid1(config(entrypoint=tuple(shlex.split(entrypoint)), cmd=tuple(shlex.split(cmd))))

    assert one.summary == summary
    assert one.argv == (*shlex.split(entrypoint), *shlex.split(cmd))


def test_windows_has_no_pid_1() -> None:
    one = pid1(config(os="windows"))

    assert one.process.kind is Kind.WINDOWS
    assert one.summary == "none: Windows has no PID 1"
