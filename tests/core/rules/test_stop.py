"""The stop signal ends the program, and there is time for it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.builders import NOW, config, facts, image, pod, use
from webhook.core.facts import ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.inside import Inside, Program, ProgramKind
from webhook.core.rules.knob import Knob
from webhook.core.rules.protocol import Image
from webhook.core.rules.stop import StopRule
from webhook.core.verdict import Answer, Mode, Outcome
from webhook.core.workload import Hook, ImageUse, Role, Workload

ACTS = Hook(acts=True)
NGINX = "nginx -g x"


def asked(
    text: str = NGINX,
    signal: str = "",
    *,
    rule: StopRule | None = None,
    one: ImageUse | None = None,
    **around: Any,
) -> Answer:
    """The answer about a container of an image with this Entrypoint and STOPSIGNAL."""
    known = facts(config(entrypoint=tuple(text.split()), cmd=(), stop_signal=signal))
    one = one or use()
    return (rule or StopRule()).check(one, pod(one, **around), image(one.image, known), NOW)


@pytest.mark.parametrize(
    ("text", "signal", "outcome", "at_most"),
    [
        (NGINX, "SIGQUIT", "pass", "enforce"),
        (NGINX, "3", "pass", "enforce"),
        (NGINX, "", "fail", "warn"),
        (NGINX, "SIGWINCH", "fail", "enforce"),
        ("supervisord -n", "SIGWINCH", "fail", "enforce"),
        ("supervisord -n", "SIGQUIT", "pass", "enforce"),
        ("postgres", "SIGTERM", "fail", "warn"),
        ("python app.py", "", "unknown", "warn"),
        ("tini -- python app.py", "", "pass", "enforce"),
        ("/entrypoint.sh", "", "unknown", "warn"),
        ("sh -c a;b", "", "fail", "enforce"),
        ("sleep infinity", "", "fail", "enforce"),
        ("/app", "SIGKILL", "fail", "enforce"),
        ("/app", "SIGFOO", "fail", "enforce"),
        ("", "SIGQUIT", "skip", "enforce"),
    ],
)
def test_signals_and_programs(text: str, signal: str, outcome: str, at_most: str) -> None:
    answer = asked(text, signal)

    assert (answer.outcome.value, answer.at_most.value) == (outcome, at_most)
    assert bool(answer.fix) is (outcome in {"fail", "unknown"})


@pytest.mark.parametrize(
    ("of_image", "of_pod", "outcome"),
    [
        ("SIGWINCH", "SIGQUIT", "pass"),
        ("SIGQUIT", "SIGWINCH", "fail"),
        ("SIGFOO", "SIGQUIT", "pass"),
        ("SIGQUIT", "QUIT", "fail"),
    ],
)
def test_the_signal_of_the_pod_outweighs_that_of_the_image(
    of_image: str, of_pod: str, outcome: str
) -> None:
    assert asked(NGINX, of_image, one=use(stop_signal=of_pod)).outcome.value == outcome


@pytest.mark.parametrize(
    ("grace", "hook", "rule", "outcome", "at_most"),
    [
        (None, None, StopRule(), "pass", "enforce"),
        (1, None, StopRule(), "pass", "enforce"),
        (0, None, StopRule(), "fail", "enforce"),
        (-5, None, StopRule(), "fail", "enforce"),
        (0, None, StopRule(min_grace_seconds=0), "pass", "enforce"),
        (9, None, StopRule(min_grace_seconds=10), "fail", "enforce"),
        (10, None, StopRule(min_grace_seconds=10), "pass", "enforce"),
        (30, Hook(29), StopRule(), "pass", "enforce"),
        (30, Hook(30), StopRule(), "fail", "enforce"),
        (30, Hook(300), StopRule(), "fail", "enforce"),
        (40, Hook(31), StopRule(min_grace_seconds=10), "fail", "enforce"),
        (30, ACTS, StopRule(), "pass", "enforce"),
    ],
)
def test_the_time_that_is_left(
    grace: int | None, hook: Hook | None, rule: StopRule, outcome: str, at_most: str
) -> None:
    answer = asked(NGINX, "SIGQUIT", rule=rule, one=use(pre_stop=hook), grace_seconds=grace)

    assert (answer.outcome.value, answer.at_most.value) == (outcome, at_most)


@pytest.mark.parametrize(
    ("grace", "knob", "outcome", "at_most"),
    [
        (90, Knob.WARN, "pass", "enforce"),
        (89, Knob.WARN, "fail", "warn"),
        (89, Knob.DENY, "fail", "enforce"),
        (89, Knob.ACCEPT, "pass", "enforce"),
    ],
)
def test_a_program_that_is_known_to_need_longer(
    grace: int, knob: Knob, outcome: str, at_most: str
) -> None:
    answer = asked("postgres", "SIGINT", rule=StopRule(ungraceful=knob), grace_seconds=grace)

    assert (answer.outcome.value, answer.at_most.value) == (outcome, at_most)


@pytest.mark.parametrize(
    ("text", "rule", "outcome", "at_most"),
    [
        (NGINX, StopRule(ungraceful=Knob.ACCEPT), "pass", "enforce"),
        (NGINX, StopRule(ungraceful=Knob.DENY), "fail", "enforce"),
        ("node app.js", StopRule(unseen=Knob.ACCEPT), "pass", "enforce"),
        ("node app.js", StopRule(unseen=Knob.DENY), "fail", "enforce"),
        ("/entrypoint.sh", StopRule(unseen=Knob.DENY), "fail", "enforce"),
        ("sleep 5", StopRule(unseen=Knob.ACCEPT, ungraceful=Knob.ACCEPT), "fail", "enforce"),
    ],
)
def test_knobs(text: str, rule: StopRule, outcome: str, at_most: str) -> None:
    answer = asked(text, rule=rule)

    assert (answer.outcome.value, answer.at_most.value) == (outcome, at_most)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("python app.py", Reason.PROGRAM),
        ("/app", Reason.PROGRAM),
        ("/entrypoint.sh", Reason.SCRIPT),
        ("tini -- /entrypoint.sh", Reason.SCRIPT),
    ],
)
def test_what_cannot_be_told_says_why(text: str, reason: Reason) -> None:
    assert asked(text).reason is reason


def test_a_variable_is_its_own_reason() -> None:
    assert asked(one=use(command=("$(APP)",))).reason is Reason.VARIABLE


@pytest.mark.parametrize("text", ["supervisord -n", "node app.js", "sh -c a;b", "/entrypoint.sh"])
def test_a_hook_may_stop_it_before_the_signal(text: str) -> None:
    """`preStop: {exec: {command: [kill, -INT, "1"]}}` is what people write."""
    answers = {
        knob: asked(text, "SIGWINCH", rule=StopRule(unseen=knob), one=use(pre_stop=ACTS))
        for knob in Knob
    }

    assert answers[Knob.WARN].outcome is Outcome.UNKNOWN
    assert answers[Knob.WARN].reason is Reason.PROGRAM
    assert answers[Knob.DENY].outcome is Outcome.FAIL
    assert answers[Knob.ACCEPT].outcome is Outcome.PASS
    assert asked(text, "SIGKILL", one=use(pre_stop=ACTS)).outcome is Outcome.FAIL


def test_what_is_wrong_twice_is_told_twice_and_the_worse_first() -> None:
    answer = asked(NGINX, grace_seconds=0)

    assert answer.at_most is Mode.ENFORCE
    assert answer.message == (
        "terminationGracePeriodSeconds 0 gives it no time to stop. Also, SIGTERM ends nginx at "
        "once, whatever it is doing; on SIGQUIT it finishes first."
    )
    assert answer.fix.startswith("Leave terminationGracePeriodSeconds out")
    assert "STOPSIGNAL SIGQUIT" in answer.fix
    both = asked("/app", "SIGFOO", grace_seconds=0)
    assert both.message.startswith("the image's STOPSIGNAL `SIGFOO` is no signal")
    assert "no time to stop" in both.message
    assert asked("tini app", grace_seconds=0).message.count("Also") == 0


@pytest.mark.parametrize("around", [{"share_process_namespace": True}, {"host_pid": True}])
def test_where_it_is_not_pid_1_the_kernel_ends_it(around: dict[str, Any]) -> None:
    assert asked("sleep infinity", **around).outcome is Outcome.PASS
    assert asked("sh -c a;b", **around).outcome is Outcome.FAIL


@pytest.mark.parametrize("role", [Role.INIT, Role.EPHEMERAL, Role.VOLUME, Role.BASE])
def test_what_is_not_stopped_so_is_skipped(role: Role) -> None:
    assert asked("sleep 5", one=use(role=role)).outcome is Outcome.SKIP


def test_windows_is_skipped() -> None:
    assert asked("sleep 5", os="windows").outcome is Outcome.SKIP
    known = facts(config(os="windows"), config(entrypoint=("sleep", "5"), cmd=()))
    answer = StopRule().check(use(), pod(), image(use().image, known), NOW)
    assert answer.message.startswith("on linux/amd64, SIGTERM does not stop sleep")


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (Unknown(Reason.UNREACHABLE), Reason.UNREACHABLE),
        (ImageFacts(digest=""), Reason.BAD_CONTENT),
    ],
)
def test_what_was_not_learned_is_unknown_and_too_little_time_is_told(
    known: ImageFacts | Unknown, reason: Reason
) -> None:
    def answer(workload: Workload) -> Answer:
        return StopRule().check(use(), workload, Image(ImageRef.parse("nginx"), known), NOW)

    assert answer(pod()).reason is reason
    assert answer(pod(grace_seconds=0)).outcome is Outcome.FAIL


def test_too_many_different_platforms_are_not_looked_at() -> None:
    many = [config(architecture=str(one), stop_signal=str(one)) for one in range(1, 10)]

    answer = StopRule().check(use(), pod(), image(use().image, facts(*many)), NOW)

    assert answer.message == "its platforms start in 9 different ways; up to 8 are looked at."


def test_a_long_command_is_judged_too() -> None:
    assert asked("sleep " + "5" * 4000).outcome is Outcome.FAIL


def test_what_was_seen_inside_counts() -> None:
    inside = Inside(programs=(Program("/app", ProgramKind.ELF, "/app", built="go"),))
    one = PlatformImage("linux/amd64", "", config(entrypoint=("/app",), cmd=()), inside)
    known = replace(facts(), platforms=(one,))

    assert StopRule().check(use(), pod(), image(use().image, known), NOW).outcome is Outcome.PASS
    hidden = replace(use(), mounts=("/app",))
    answer = StopRule().check(hidden, pod(hidden), image(hidden.image, known), NOW)
    assert answer.reason is Reason.PROGRAM
