"""PID 1 reaps, and the stop signal reaches the program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, config, facts, pod, use
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.rules.init import InitRule
from webhook.core.rules.knob import Knob
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Answer, Mode, Outcome
from webhook.core.workload import ImageUse, Role, Workload
from webhook.errors import InvalidPolicyError

REF = ImageRef.parse("registry.example.com/prod/web")
OFFLINE = Unknown(Reason.OFFLINE, "nobody asked")
VOCABULARY = ["tini", "--", "sh", "-c", "app", "exec app", "/x.sh", "nginx", "$(A)", "/init"]
WORDS = st.lists(st.sampled_from(VOCABULARY) | st.text(max_size=5), max_size=5).map(tuple)


def check(
    *argv: str,
    rule: InitRule | None = None,
    one: ImageUse | None = None,
    workload: Workload | None = None,
    known: ImageFacts | Unknown | None = None,
) -> Answer:
    """What the rule says about an image that starts this argv."""
    image = Image(REF, known or facts(config(entrypoint=argv, cmd=())))
    return (rule or InitRule()).check(one or use(), workload or pod(), image, NOW)


@pytest.mark.parametrize("name", ["", "/", "/opt/"])
def test_an_init_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidPolicyError, match="in inits names no program"):
        InitRule(inits=("tini", name))


@pytest.mark.parametrize(
    ("argv", "outcome", "at_most"),
    [
        (("tini", "--", "app"), Outcome.PASS, Mode.ENFORCE),
        (("tini", "--", "/entrypoint.sh"), Outcome.PASS, Mode.ENFORCE),
        (("tini", "--", "sh", "-c", "app"), Outcome.FAIL, Mode.ENFORCE),
        (("tini", "-g", "--", "sh", "-c", "app; x"), Outcome.FAIL, Mode.ENFORCE),
        (("tini", "--", "sh", "-c", "exec app"), Outcome.PASS, Mode.ENFORCE),
        (("/entrypoint.sh", "tini", "--", "app"), Outcome.PASS, Mode.ENFORCE),
        (("supervisord", "-n"), Outcome.PASS, Mode.ENFORCE),
        (("/init", "sh", "-c", "app"), Outcome.FAIL, Mode.ENFORCE),
        (("nginx",), Outcome.FAIL, Mode.WARN),
        (("haproxy", "-f", "x"), Outcome.FAIL, Mode.ENFORCE),
        (("/entrypoint.sh", "nginx"), Outcome.UNKNOWN, Mode.WARN),
        (("sh", "-c", "app"), Outcome.FAIL, Mode.ENFORCE),
        (("sh", "-c", "exec app"), Outcome.FAIL, Mode.ENFORCE),
        (("sh", "-c", "exec tini app"), Outcome.PASS, Mode.ENFORCE),
        (("bash",), Outcome.FAIL, Mode.ENFORCE),
        (("timeout", "5", "tini", "app"), Outcome.FAIL, Mode.ENFORCE),
        (("node", "app.js"), Outcome.FAIL, Mode.ENFORCE),
        ((), Outcome.SKIP, Mode.ENFORCE),
    ],
)
def test_the_table_of_the_rule(argv: tuple[str, ...], outcome: Outcome, at_most: Mode) -> None:
    answer = check(*argv)

    assert (answer.outcome, answer.at_most) == (outcome, at_most)
    assert (answer.reason is Reason.SCRIPT) is (outcome is Outcome.UNKNOWN)
    assert bool(answer.fix) is (outcome in {Outcome.FAIL, Outcome.UNKNOWN})


@pytest.mark.parametrize(
    ("knob", "argv", "setting", "outcome", "at_most"),
    [
        ("servers", "nginx", Knob.ACCEPT, Outcome.PASS, Mode.ENFORCE),
        ("servers", "nginx", Knob.WARN, Outcome.FAIL, Mode.WARN),
        ("servers", "nginx", Knob.DENY, Outcome.FAIL, Mode.ENFORCE),
        ("servers", "node", Knob.ACCEPT, Outcome.FAIL, Mode.ENFORCE),
        ("servers", "httpd-foreground", Knob.ACCEPT, Outcome.PASS, Mode.ENFORCE),
        ("servers", "httpd-foreground", Knob.WARN, Outcome.FAIL, Mode.WARN),
        ("servers", "httpd-foreground", Knob.DENY, Outcome.UNKNOWN, Mode.WARN),
        ("scripts", "/x.sh", Knob.ACCEPT, Outcome.PASS, Mode.ENFORCE),
        ("scripts", "/x.sh", Knob.WARN, Outcome.UNKNOWN, Mode.WARN),
        ("scripts", "/x.sh", Knob.DENY, Outcome.FAIL, Mode.ENFORCE),
        ("supervisors", "supervisord", Knob.ACCEPT, Outcome.PASS, Mode.ENFORCE),
        ("supervisors", "supervisord", Knob.WARN, Outcome.FAIL, Mode.WARN),
        ("supervisors", "supervisord", Knob.DENY, Outcome.FAIL, Mode.ENFORCE),
        ("supervisors", "/sbin/init", Knob.DENY, Outcome.FAIL, Mode.ENFORCE),
        ("supervisors", "tini", Knob.DENY, Outcome.PASS, Mode.ENFORCE),
    ],
)
def test_each_knob_turns_what_it_names_and_nothing_else(
    knob: str, argv: str, setting: Knob, outcome: Outcome, at_most: Mode
) -> None:
    rules = {
        "servers": InitRule(servers=setting),
        "scripts": InitRule(scripts=setting),
        "supervisors": InitRule(supervisors=setting),
    }

    answer = check(argv, rule=rules[knob])

    assert (answer.outcome, answer.at_most) == (outcome, at_most)


@pytest.mark.parametrize("argv", [("my-init", "app"), ("/opt/supervisord",), ("/opt/start.sh",)])
def test_inits_that_the_policy_names_pass_whatever_the_knobs_say(argv: tuple[str, ...]) -> None:
    named = ("my-init", "supervisord", "/opt/start.sh")
    rule = InitRule(named, scripts=Knob.DENY, supervisors=Knob.DENY)

    assert check(*argv, rule=rule).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("argv", "outcome"),
    [
        (("node", "app.js"), Outcome.PASS),
        (("nginx",), Outcome.PASS),
        (("/entrypoint.sh",), Outcome.PASS),
        (("bash",), Outcome.PASS),
        (("timeout", "5", "app"), Outcome.PASS),
        (("sh", "-c", "exec app"), Outcome.PASS),
        (("sh", "-c", "app"), Outcome.FAIL),
        (("tini", "--", "sh", "-c", "app"), Outcome.FAIL),
    ],
)
def test_a_shared_process_namespace_reaps_and_does_not_mend_a_lost_signal(
    argv: tuple[str, ...], outcome: Outcome
) -> None:
    shared = pod(share_process_namespace=True)

    assert check(*argv, workload=shared).outcome is outcome


def test_a_shared_process_namespace_counts_only_where_the_policy_accepts_it() -> None:
    rule = InitRule(accept_shared_process_namespace=False)

    answer = check("node", rule=rule, workload=pod(share_process_namespace=True))

    assert answer.outcome is Outcome.FAIL
    assert "does not accept shareProcessNamespace" in answer.message
    assert "shareProcessNamespace" not in answer.fix


@pytest.mark.parametrize("known", [None, OFFLINE, facts(config(entrypoint=("sh",)))])
@pytest.mark.parametrize(
    ("one", "workload"),
    [
        (use(role=Role.INIT, command=("sh",)), pod()),
        (use(role=Role.EPHEMERAL), pod()),
        (use(role=Role.VOLUME), pod()),
        (use(command=("sh",)), pod(host_pid=True)),
        (use(command=("sh",)), pod(os="windows")),
    ],
    ids=["init container", "ephemeral", "volume", "hostPID", "Windows"],
)
def test_where_there_is_no_pid_1_of_its_own_the_rule_steps_aside(
    one: ImageUse, workload: Workload, known: ImageFacts | Unknown | None
) -> None:
    answer = check(one=one, workload=workload, known=known)

    assert answer.outcome is Outcome.SKIP
    assert not answer.fix


def test_sidecars_are_judged() -> None:
    assert check("node", one=use(role=Role.SIDECAR)).outcome is Outcome.FAIL


def test_what_was_not_learned_is_unknown_for_the_same_reason() -> None:
    answer = check(known=OFFLINE, one=use(args=("-x",)))

    assert {Need.CONFIG} == InitRule.needs
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.OFFLINE)
    assert answer.at_most is Mode.ENFORCE


def test_an_image_without_platforms_is_no_pass() -> None:
    answer = check(known=ImageFacts(digest="sha256:" + "0" * 64))

    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.BAD_CONTENT)


@pytest.mark.parametrize("known", [OFFLINE, ImageFacts(digest="")])
@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (("tini", "--", "app"), Outcome.PASS),
        (("app",), Outcome.FAIL),
        (("/x.sh",), Outcome.UNKNOWN),
    ],
)
def test_a_command_of_the_pod_is_judged_whatever_is_known(
    known: ImageFacts | Unknown, command: tuple[str, ...], outcome: Outcome
) -> None:
    assert check(known=known, one=use(command=command)).outcome is outcome


def test_the_words_of_the_pod_come_by_the_table_of_the_runtimes() -> None:
    assert check("tini", "--", one=use(args=("app",))).outcome is Outcome.PASS
    assert check("tini", "--", one=use(command=("app",))).outcome is Outcome.FAIL
    assert check("tini", "--", one=use(args=("sh", "-c", "app"))).outcome is Outcome.FAIL


def test_variables_are_expanded_and_unknown_where_they_name_the_program() -> None:
    known = (("INIT", "tini"),)

    assert check(one=use(command=("$(INIT)", "app"), env=known)).outcome is Outcome.PASS
    for command in (("$(INIT)", "app"), ("env", "$(INIT)"), ("sh", "-c", "exec $(INIT)")):
        answer = check(one=use(command=command))
        assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.VARIABLE)
    assert check(one=use(command=("$$(INIT)",))).outcome is Outcome.FAIL


GOOD = config()
BAD = config(architecture="arm64", entrypoint=("node",), cmd=())
WARNED = config(architecture="s390x", entrypoint=("nginx",), cmd=())
UNSEEN = config(architecture="riscv64", entrypoint=("/x.sh",), cmd=())
WINDOWS = config(os="windows", entrypoint=("app.exe",), cmd=())


@pytest.mark.parametrize(
    ("configs", "outcome", "at_most", "platform"),
    [
        ((GOOD, GOOD), Outcome.PASS, Mode.ENFORCE, ""),
        ((GOOD, BAD), Outcome.FAIL, Mode.ENFORCE, "linux/arm64"),
        ((BAD, BAD), Outcome.FAIL, Mode.ENFORCE, ""),
        ((WARNED, BAD, GOOD), Outcome.FAIL, Mode.ENFORCE, "linux/arm64"),
        ((WARNED, GOOD), Outcome.FAIL, Mode.WARN, "linux/s390x"),
        ((UNSEEN, GOOD), Outcome.UNKNOWN, Mode.WARN, "linux/riscv64"),
        ((UNSEEN, WARNED), Outcome.FAIL, Mode.WARN, "linux/s390x"),
        ((GOOD, WINDOWS), Outcome.PASS, Mode.ENFORCE, "linux/amd64"),
        ((WINDOWS, BAD), Outcome.FAIL, Mode.ENFORCE, "linux/arm64"),
        ((WINDOWS,), Outcome.SKIP, Mode.ENFORCE, ""),
        ((WINDOWS, WINDOWS), Outcome.SKIP, Mode.ENFORCE, ""),
    ],
)
def test_the_worst_platform_speaks_for_all(
    configs: tuple[object, ...], outcome: Outcome, at_most: Mode, platform: str
) -> None:
    answer = check(known=facts(*configs))  # type: ignore[arg-type]

    assert (answer.outcome, answer.at_most) == (outcome, at_most)
    assert answer.message.startswith(f"on {platform}, ") is bool(platform)


def test_platforms_that_differ_in_words_but_not_in_the_answer_need_no_name() -> None:
    other = config(architecture="arm64", entrypoint=("tini",))

    assert check(known=facts(config(), other)) == check("tini")


@pytest.mark.parametrize("long", ["x" * 5000, "é" * 70_000])
def test_long_words_are_judged_as_short_ones_are(long: str) -> None:
    assert check("tini", "--", long).outcome is Outcome.PASS
    assert check(long).outcome is Outcome.FAIL
    assert check(one=use(command=("tini", long))).outcome is Outcome.PASS
    assert check(one=use(command=("$(A)",), env=(("A", long),))).outcome is Outcome.FAIL
    assert len(check(long).message) < 400


@given(entrypoint=WORDS, cmd=WORDS, command=WORDS, args=WORDS, shared=st.booleans())
def test_any_container_gets_an_answer_that_makes_sense(
    entrypoint: tuple[str, ...],
    cmd: tuple[str, ...],
    command: tuple[str, ...],
    args: tuple[str, ...],
    *,
    shared: bool,
) -> None:
    answer = check(
        known=facts(config(entrypoint=entrypoint, cmd=cmd)),
        one=use(command=command, args=args),
        workload=pod(share_process_namespace=shared),
    )

    assert (answer.reason is not None) is (answer.outcome is Outcome.UNKNOWN)
    assert answer.message.isprintable()
    assert answer.fix.isprintable()
    assert "hostPID" not in answer.message + answer.fix
    assert len(answer.message + answer.fix) < 1000


@given(argv=WORDS, shared=st.booleans())
def test_an_init_or_a_shared_namespace_never_makes_it_worse(
    argv: tuple[str, ...], *, shared: bool
) -> None:
    order = [Outcome.SKIP, Outcome.PASS, Outcome.UNKNOWN, Outcome.FAIL]
    before = check(*argv)
    after = (
        check(*argv, workload=pod(share_process_namespace=True))
        if shared
        else check("tini", "--", *argv)
    )

    assert order.index(after.outcome) <= max(1, order.index(before.outcome))
