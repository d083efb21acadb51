"""What is said about PID 1, and which cure is offered."""

from __future__ import annotations

import shlex

import pytest

from webhook.core.process import look
from webhook.core.rules.init_words import Case, Words

START = 'Start it with tini or dumb-init (ENTRYPOINT ["tini","--"])'
SHARE = ", or set shareProcessNamespace: true."
EXEC = "Put `exec` in front of the last command, or start the program without a shell."
SIGNAL = "but the stop signal does not reach the program (its last command is not `exec`)."


def words(
    image: str, command: str = "", args: str = "", *, shared: bool = False, accepted: bool = True
) -> Words:
    case = Case(
        tuple(shlex.split(image)),
        (),
        tuple(shlex.split(command)),
        tuple(shlex.split(args)),
        shared=shared,
    )
    return Words(case, case.argv, look(case.argv), shared_accepted=accepted)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("tini -- app", "PID 1 would be tini."),
        (
            "/start.sh tini app",
            ("PID 1 would be tini, if the script /start.sh ends by starting its arguments."),
        ),
        ("supervisord", "PID 1 would be supervisord. It runs several services."),
        (
            "/sbin/init",
            (
                "PID 1 would be systemd; it stops cleanly on SIGRTMIN+3, not on SIGTERM. "
                "It runs several services."
            ),
        ),
        (
            "nginx -g 'daemon off;'",
            (
                'PID 1 would be `nginx -g "daemon off;"`, which is no init, '
                "although nginx reaps orphans and stops cleanly by itself."
            ),
        ),
        (
            "/start.sh x",
            (
                "PID 1 would be `/start.sh x`, a script: whether it ends in `exec` of an "
                "init is not in the image config."
            ),
        ),
        (
            "sh -c 'app x'",
            'PID 1 would be `sh -c "app x"`, a shell form: the shell reaps orphans, ' + SIGNAL,
        ),
        ("tini -- sh -c app", f"PID 1 would be `tini -- sh -c app`: tini reaps orphans, {SIGNAL}"),
        ("bash", "PID 1 would be `bash`, a shell that waits for input, and no init."),
        (
            "timeout 5 app",
            (
                "PID 1 would be `timeout 5 app`: timeout stays in front of the program, "
                "and is no init."
            ),
        ),
        (
            "xargs app",
            (
                "PID 1 would be `xargs app`: xargs stays in front of the program and does "
                "not pass the stop signal on, and is no init."
            ),
        ),
        ("app", "PID 1 would be `app`, which is no init."),
        ("gosu x app", "PID 1 would be `gosu x app`, in the end app, which is no init."),
        ("npm start", "PID 1 would be `npm start`, which is no init: npm does not reap orphans."),
        (
            "monit -I",
            (
                "PID 1 would be `monit -I`, which is no init (it runs services, but does not "
                "reap their orphans)."
            ),
        ),
        ("", "neither the image nor the Pod names a command: the runtime will refuse it."),
    ],
)
def test_the_message_says_what_pid_1_is_and_which_duty_nobody_does(
    image: str, message: str
) -> None:
    assert words(image).message == message


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("app", "the Pod's pause process reaps orphans."),
        (
            "/x.sh",
            (
                "the Pod's pause process reaps orphans; whether the script passes the stop signal "
                "on was not seen."
            ),
        ),
        (
            "sh -c app",
            (
                "PID 1 would be `sh -c app`, a shell form: the Pod's pause process reaps "
                f"orphans, {SIGNAL}"
            ),
        ),
        (
            "/init",
            (
                "PID 1 would be s6-overlay; it may refuse to run, as with shareProcessNamespace "
                "it is not PID 1. It runs several services."
            ),
        ),
    ],
)
def test_the_message_under_a_shared_process_namespace(image: str, message: str) -> None:
    assert words(image, shared=True).message == message


def test_what_a_stranger_wrote_is_made_printable() -> None:
    case = Case(("a\x1b[2J", "it's"))

    assert Words(case, case.argv, look(case.argv)).message == (
        'PID 1 would be `"a\\x1b[2J" "it\'s"`, which is no init.'
    )


def test_an_init_that_only_the_pod_names_is_a_claim() -> None:
    claim = "PID 1 would be tini; the image config cannot show that it is in the image."

    assert words("app", "tini -- app").message == claim
    assert words("", args="tini -- app").message == claim
    assert words("tini --", args="app").message == "PID 1 would be tini."
    assert words("tini --", "tini -g -- app").message == "PID 1 would be tini."


def test_a_variable_is_quoted_as_it_stands() -> None:
    said = words("app", "'$(APP)' -x")

    assert said.message == (
        "PID 1 would be `'$(APP)' -x`, and the value of that variable is not in the manifest."
    )
    assert said.fix.startswith("Write the program itself. ")


@pytest.mark.parametrize(
    ("image", "fix"),
    [
        ("app", START + SHARE),
        ("nginx", START + SHARE),
        ("/x.sh", START + SHARE),
        (
            "haproxy -f x",
            "With the option -W haproxy reaps, and it ends on SIGTERM. " + START + SHARE,
        ),
        ("bash", f"Name the program to run. {START}{SHARE}"),
        (
            "sh -c app",
            (
                "Start the program without a shell, with tini or dumb-init (ENTRYPOINT "
                '["tini","--"]), or put `exec` in front of the last command and set '
                "shareProcessNamespace: true."
            ),
        ),
        ("tini -- sh -c app", EXEC),
        (
            "supervisord",
            (
                'Run only one process, with tini or dumb-init (ENTRYPOINT ["tini","--"]), '
                "and the others in their own containers."
            ),
        ),
    ],
)
def test_the_fix_names_the_cure_that_fits(image: str, fix: str) -> None:
    assert words(image).fix == fix


def test_what_is_set_or_not_accepted_is_not_offered() -> None:
    assert words("sh -c app", shared=True).fix == EXEC
    assert words("app", shared=True, accepted=False).fix == f"{START}."
    assert words("app", accepted=False).fix == f"{START}."
    assert words("sh -c app", accepted=False).fix == (
        'Start the program without a shell, with tini or dumb-init (ENTRYPOINT ["tini","--"]).'
    )


@pytest.mark.parametrize("image", ["tini --", "/sbin/tini -g --", "dumb-init", "/init"])
def test_an_init_that_the_command_threw_away_comes_back_with_args(image: str) -> None:
    fix = words(image, "app -x").fix

    assert fix.startswith("The image starts ")
    assert fix.endswith(" by itself, and `command:` threw it away: move it to `args:`.")


@pytest.mark.parametrize(
    ("image", "command"),
    [
        ("tini --", "sh -c app"),
        ("node", "app"),
        ("", "app"),
        ("/entrypoint.sh", "app"),
        ("/entrypoint.sh tini", "app"),
    ],
)
def test_args_are_not_offered_where_they_would_not_help(image: str, command: str) -> None:
    fix = words(image, command).fix

    assert "threw it away" not in fix


def test_with_a_command_of_the_pod_an_entrypoint_alone_would_change_nothing() -> None:
    fix = words("node", "app").fix

    assert fix == f"{START}, with `args:` in place of `command:`{SHARE}"
