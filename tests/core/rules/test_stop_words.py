"""What people read who have never heard of stop signals."""

from __future__ import annotations

import pytest

from webhook.core.process import look
from webhook.core.rules.init_words import Case
from webhook.core.rules.stop_words import Asked, StopWords
from webhook.core.stopping import stopping
from webhook.core.workload import Hook

DOCKERFILE = (
    "Write `STOPSIGNAL {0}` into the Dockerfile, or `lifecycle.stopSignal: {0}` into the container "
    "(Kubernetes 1.33 or newer, feature gate ContainerStopSignals)."
)
WITH_INIT = 'start it with tini or dumb-init (ENTRYPOINT ["tini","--"])'


def words(text: str, of_image: str = "", of_pod: str = "", *, acts: bool = False) -> StopWords:
    hook = Hook(acts=True) if acts else Hook(5)
    asked = Asked(Case(command=tuple(text.split())), of_image, of_pod, hook)
    process = look(asked.case.argv)
    return StopWords(asked, process, stopping(process, asked.signal, alone=True))


CASES = [
    (
        words("nginx", of_image="SIGQUIT"),
        "SIGQUIT (the image's STOPSIGNAL) stops nginx, which has 25 seconds for it.",
        None,
    ),
    (
        words("nginx"),
        "SIGTERM ends nginx at once, whatever it is doing; on SIGQUIT it finishes first.",
        DOCKERFILE.format("SIGQUIT"),
    ),
    (
        words("supervisord -n", of_image="SIGWINCH"),
        (
            "SIGWINCH (the image's STOPSIGNAL) does not stop supervisord, which is killed after 25 "
            "seconds. SIGWINCH is for Apache httpd; images that are built on theirs inherit it."
        ),
        DOCKERFILE.format("SIGTERM"),
    ),
    (
        words("postgres"),
        ("on SIGTERM postgres waits until its clients have left, and is killed after 25 seconds."),
        DOCKERFILE.format("SIGINT"),
    ),
    (
        words("haproxy -f x"),
        (
            "SIGTERM does not stop haproxy, which is killed after 25 seconds: PID 1 never notices "
            "a signal that it has no handler for."
        ),
        DOCKERFILE.format("SIGUSR1") + " With the option -W haproxy ends on SIGTERM too.",
    ),
    (
        words("haproxy -f x", of_pod="SIGHUP"),
        ("SIGHUP (lifecycle.stopSignal) does not stop haproxy, which is killed after 25 seconds."),
        ("Write `lifecycle.stopSignal: SIGUSR1`. With the option -W haproxy ends on SIGTERM too."),
    ),
    (
        words("sleep 5"),
        (
            "SIGTERM does not stop sleep, which is killed after 25 seconds: PID 1 never notices a "
            "signal that it has no handler for."
        ),
        f"S{WITH_INIT[1:]}.",
    ),
    (
        words("node app.js"),
        (
            "whether node app.js handles SIGTERM is in its code: if it does not, it is killed "
            "after 25 seconds, because PID 1 never notices a signal that it has no handler for."
        ),
        f"Handle SIGTERM in it, or {WITH_INIT}.",
    ),
    (
        words("node app.js", of_image="SIGUSR1"),
        (
            "whether node app.js handles SIGUSR1 (the image's STOPSIGNAL) is in its code: if it "
            "does not, it is killed after 25 seconds, because PID 1 never notices a signal that it "
            "has no handler for. SIGUSR1 is for HAProxy; images that are built on theirs inherit "
            "it."
        ),
        f"{DOCKERFILE.format('SIGTERM')} And {WITH_INIT}, or handle it.",
    ),
    (
        words("tini -- node app.js", of_image="SIGWINCH"),
        (
            "whether node app.js ends on SIGWINCH (the image's STOPSIGNAL) is in its code: most "
            "programs do nothing then. SIGWINCH is for Apache httpd; images that are built on "
            "theirs inherit it."
        ),
        DOCKERFILE.format("SIGTERM"),
    ),
    (
        words("uwsgi --ini x"),
        "what uwsgi does on SIGTERM is not known here.",
        "With --die-on-term (`die-on-term = true` in its configuration) it ends on SIGTERM.",
    ),
    (
        words("nginx", of_image="SIGALRM"),
        "what nginx does on SIGALRM (the image's STOPSIGNAL) is not known here.",
        DOCKERFILE.format("SIGQUIT"),
    ),
    (
        words("/entrypoint.sh app"),
        "whether SIGTERM stops what entrypoint.sh starts cannot be told.",
        "Put `exec` in front of the last command, or start the program without a shell.",
    ),
    (
        words("$(APP)"),
        "whether SIGTERM stops what $(APP) starts cannot be told.",
        "Write the program itself into `command`.",
    ),
    (
        words("sh -c a;b"),
        (
            "SIGTERM does not reach the program (its last command is not `exec`), which is killed "
            "after 25 seconds."
        ),
        "Put `exec` in front of the last command, or start the program without a shell.",
    ),
    (
        words("xargs app"),
        (
            "SIGTERM does not reach the program (xargs stays in front of it), which is killed "
            "after 25 seconds."
        ),
        "Start the program itself, or an init in front of it.",
    ),
    (
        words("/app", of_image="KILL"),
        "SIGKILL (the image's STOPSIGNAL) leaves /app no time to finish anything.",
        f"{DOCKERFILE.format('SIGTERM')}",
    ),
    (
        words("dumb-init -r 15:3 nginx"),
        "SIGTERM, which arrives as SIGQUIT, stops nginx, which has 25 seconds for it.",
        None,
    ),
    (
        words("dumb-init -r 15:0 nginx"),
        "SIGTERM, which its init drops, does not stop nginx, which is killed after 25 seconds.",
        DOCKERFILE.format("SIGQUIT"),
    ),
    (
        words("nginx", acts=True),
        (
            "SIGTERM ends nginx at once, whatever it is doing; on SIGQUIT it finishes first. "
            "Whether its preStop hook stops it before that is not seen."
        ),
        DOCKERFILE.format("SIGQUIT"),
    ),
]


@pytest.mark.parametrize(("one", "message", "fix"), CASES, ids=range(len(CASES)))
def test_each_case_has_its_words(one: StopWords, message: str, fix: str | None) -> None:
    assert one.message == message
    if fix is not None:
        assert one.fix == fix


def test_what_images_say_is_made_printable_and_short() -> None:
    one = words("\x1b[31m" + "a" * 500)

    assert "\x1b" not in one.message
    assert len(one.message) < 500
