"""What a stop signal does to what a container starts."""

from __future__ import annotations

import pytest

from webhook.core.process import look
from webhook.core.standing import Kind, Process
from webhook.core.stopping import Effect, Stopping, stopping, summary


def found(text: str, signal: str = "SIGTERM", *, alone: bool = True) -> Stopping:
    words = tuple("a; b" if word == "TEXT" else word for word in text.split())
    return stopping(look(words), signal, alone=alone)


@pytest.mark.parametrize(
    ("text", "signal", "effect"),
    [
        ("nginx", "SIGQUIT", "stops"),
        ("nginx", "SIGTERM", "cuts"),
        ("nginx", "SIGWINCH", "deaf"),
        ("nginx", "SIGUSR1", "deaf"),
        ("nginx", "SIGALRM", "untold"),
        ("memcached", "SIGWINCH", "deaf"),
        ("httpd -D FOREGROUND", "SIGWINCH", "stops"),
        ("apache2-foreground", "SIGTERM", "cuts"),
        ("php-fpm8.4 -F", "SIGQUIT", "stops"),
        ("php -S 0:80", "SIGTERM", "deaf"),
        ("php -S 0:80", "SIGINT", "stops"),
        ("postgres", "SIGINT", "stops"),
        ("postgres", "SIGTERM", "waits"),
        ("postgres", "SIGQUIT", "cuts"),
        ("haproxy -W -f x", "SIGTERM", "cuts"),
        ("haproxy -f x", "SIGTERM", "deaf"),
        ("haproxy -f x", "SIGUSR1", "stops"),
        ("redis-server", "SIGTERM", "stops"),
        ("uwsgi --ini x", "SIGTERM", "untold"),
        ("uwsgi --die-on-term", "SIGTERM", "stops"),
        ("uwsgi --master --die-on-term", "SIGQUIT", "deaf"),
        ("uwsgi -M", "SIGQUIT", "untold"),
        ("uwsgi -M", "SIGHUP", "deaf"),
        ("uwsgi --ini x", "SIGHUP", "untold"),
        ("uwsgi --ini x", "SIGINT", "stops"),
        ("mariadbd", "SIGTERM", "stops"),
        ("mariadbd", "SIGINT", "deaf"),
        ("supervisord -n", "SIGTERM", "stops"),
        ("supervisord -n", "SIGQUIT", "stops"),
        ("supervisord -n", "SIGWINCH", "deaf"),
        ("/sbin/init", "SIGTERM", "deaf"),
        ("/sbin/init", "SIGRTMIN+3", "stops"),
        ("runsvdir /etc/service", "SIGTERM", "cuts"),
        ("runsvdir /etc/service", "SIGHUP", "stops"),
        ("s6-svscan /etc/s6", "SIGTERM", "stops"),
        ("/init", "SIGTERM", "stops"),
        ("/pause", "SIGINT", "stops"),
        ("my_init", "SIGTERM", "stops"),
        ("my_init", "SIGUSR1", "untold"),
        ("python app.py", "SIGTERM", "untold"),
        ("python3.12 app.py", "SIGINT", "stops"),
        ("python -m gunicorn x", "SIGTERM", "stops"),
        ("python -m gunicorn x", "SIGQUIT", "cuts"),
        ("python -m http.server", "SIGTERM", "untold"),
        ("python -m", "SIGTERM", "untold"),
        ("node server.js", "SIGTERM", "untold"),
        ("node server.js", "SIGINT", "untold"),
        ("java -jar x", "SIGTERM", "stops"),
        ("java -jar x", "SIGQUIT", "deaf"),
        ("ruby x.rb", "SIGTERM", "stops"),
        ("sleep infinity", "SIGTERM", "deaf"),
        ("tail -f /dev/null", "SIGINT", "deaf"),
        ("/app", "SIGTERM", "untold"),
        ("/app", "SIGKILL", "killed"),
        ("/entrypoint.sh", "SIGTERM", "untold"),
        ("sh -c TEXT", "SIGTERM", "kept"),
        ("timeout 5 app", "SIGTERM", "stops"),
        ("timeout 5 app", "SIGQUIT", "untold"),
        ("xargs app", "SIGTERM", "kept"),
        ("nodemon app", "SIGTERM", "untold"),
        ("bash", "SIGTERM", "untold"),
        ("", "SIGTERM", "nothing"),
    ],
)
def test_as_pid_1(text: str, signal: str, effect: str) -> None:
    one = found(text, signal)

    assert one.effect.value == effect
    init = look(tuple(text.split())).kind in {Kind.INIT, Kind.SUPERVISOR}
    assert one.first is (effect not in {"nothing", "killed"} and not init)


@pytest.mark.parametrize(
    ("text", "signal", "effect"),
    [
        ("tini -- nginx", "SIGQUIT", "stops"),
        ("tini -- nginx", "SIGTERM", "cuts"),
        ("tini -- python app.py", "SIGTERM", "stops"),
        ("tini -- node app.js", "SIGUSR1", "stops"),
        ("tini -- node app.js", "SIGWINCH", "untold"),
        ("tini -- sleep 5", "SIGTERM", "stops"),
        ("tini -- sleep 5", "SIGWINCH", "deaf"),
        ("tini -- sleep 5", "SIGSTOP", "deaf"),
        ("tini -- haproxy -f x", "SIGTERM", "cuts"),
        ("tini -- /entrypoint.sh", "SIGTERM", "untold"),
        ("tini -- sh -c TEXT", "SIGTERM", "kept"),
        ("tini", "SIGTERM", "stops"),
        ("go-init -main app", "SIGTERM", "stops"),
        ("pid1 -- nginx", "SIGTERM", "cuts"),
        ("pid1 -- postgres", "SIGINT", "waits"),
        ("pid1 -- nginx", "SIGQUIT", "deaf"),
        ("catatonit -- nginx", "SIGQUIT", "stops"),
        ("tini -- $(APP)", "SIGTERM", "stops"),
    ],
)
def test_behind_an_init(text: str, signal: str, effect: str) -> None:
    assert found(text, signal).effect.value == effect


def test_where_the_namespace_is_shared_the_kernel_ends_what_has_no_handler() -> None:
    for text, effect in (("node app.js", Effect.STOPS), ("sleep 5", Effect.STOPS)):
        one = found(text, alone=False)
        assert (one.effect, one.first) == (effect, False)
    assert found("sh -c TEXT", alone=False).effect is Effect.KEPT


def test_an_init_that_turns_signals_into_others() -> None:
    """dumb-init(1): `--rewrite 15:3` sends SIGQUIT for SIGTERM, `15:0` nothing."""
    assert found("dumb-init --rewrite 15:3 -- nginx").signal == "SIGQUIT"
    assert found("dumb-init --rewrite 15:3 -- nginx").effect is Effect.STOPS
    assert found("dumb-init -r 2:3 -r15:0 nginx").effect is Effect.DEAF
    assert found("dumb-init --rewrite 2:3 nginx").effect is Effect.CUTS
    assert found("tini -e 143 nginx").signal == "SIGTERM"


def test_a_go_program_ends_whoever_wrote_it() -> None:
    go = Process(kind=Kind.PROGRAM, name="app", hears=True, argv=("/app",), built="go")

    assert stopping(go, "SIGTERM", alone=True).effect is Effect.STOPS
    assert stopping(go, "SIGINT", alone=True).effect is Effect.STOPS


def test_what_is_one_program_or_another_is_a_program_of_which_nothing_is_known() -> None:
    several = Process(kind=Kind.PROGRAM, name="redis-server", hears=True, argv=("",))
    untold = Process(kind=Kind.SHELL, name="sh", hears=False)

    for one in (several, untold):
        assert stopping(one, "SIGTERM", alone=True).effect is Effect.UNTOLD


@pytest.mark.parametrize(
    ("text", "signal", "said"),
    [
        ("nginx", "SIGQUIT", "stops nginx"),
        ("nginx", "SIGTERM", "ends nginx at once; on SIGQUIT it finishes first"),
        ("nginx", "SIGWINCH", "does not stop nginx"),
        ("nginx", "SIGALRM", "may stop it or not"),
        ("postgres", "SIGTERM", "lets postgres wait until its clients have left"),
        ("node app.js", "SIGTERM", "stops node app.js only if it handles it"),
        ("/entrypoint.sh", "SIGTERM", "may stop it or not"),
        ("sh -c TEXT", "SIGTERM", "does not reach the program"),
        ("/app", "SIGKILL", "leaves /app no time"),
        ("", "SIGTERM", ""),
    ],
)
def test_in_few_words(text: str, signal: str, said: str) -> None:
    assert summary(found(text, signal)) == said


def test_a_message_gets_what_it_needs() -> None:
    one = found("postgres -D /data")

    assert (one.who, one.better, one.seconds) == ("postgres", "SIGINT", 90)
    assert found("python app.py -x y z").who == "python app.py -x y"
    assert found("haproxy -f x").hint == "With the option -W haproxy ends on SIGTERM too."


def test_what_must_be_set_is_told_where_the_signal_would_let_it_finish() -> None:
    assert "process_control_timeout" in found("php-fpm8.2 -F", "SIGQUIT").note
    assert found("php-fpm8.2 -F", "SIGTERM").note == ""
    assert "process_control_timeout" in found("php-fpm8.2 -F", "SIGTERM").hint
