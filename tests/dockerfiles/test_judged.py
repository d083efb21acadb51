"""Dockerfiles under policies: the rules and words of images."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST, LABELS, NOW, config, facts
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.policy import ActiveRule, Policy
from webhook.core.registries import Registries
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image, Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.judged import (
    judge_build,
    lines_of_build,
    to_learn,
    workload_of_build,
)
from webhook.dockerfiles.stages import read_build

RULES: tuple[Rule, ...] = (
    DigestRule(),
    InitRule(),
    ProvenanceRule(),
    RegistryRule(environments=("production",), registries=Registries()),
)
POLICY = Policy(name="p", rules=tuple(ActiveRule(rule, Mode.ENFORCE) for rule in RULES))
GOOD = f"""\
FROM a@{DIGEST}
ARG revision
LABEL org.opencontainers.image.revision=$revision \\
      org.opencontainers.image.source=https://github.com/acme/web \\
      org.opencontainers.image.created=2026-11-20T08:00:00Z
ENTRYPOINT ["tini", "--"]
CMD ["app"]
"""
REVISION = "org.opencontainers.image.revision"


def judged(text: str, known: ImageFacts | Unknown | None = None) -> Verdict:
    """The verdict where every image is known alike."""
    build = read_build(read_dockerfile(text, "Dockerfile"), "Dockerfile")
    learned = known or Unknown(Reason.OFFLINE)
    images = {name: Image(ImageRef.parse(name), learned) for name in to_learn(build, (POLICY,))}
    return judge_build(build, workload_of_build(build, "Dockerfile"), images, (POLICY,), NOW)


def answers(text: str, rule: str, known: ImageFacts | Unknown | None = None) -> list[Finding]:
    return [one for one in judged(text, known).findings if one.rule == rule]


def only(text: str, rule: str, known: ImageFacts | Unknown | None = None) -> Finding:
    (found,) = answers(text, rule, known)
    return found


def test_a_dockerfile_that_says_all_passes_every_rule() -> None:
    verdict = judged(GOOD)

    assert {(one.rule, one.outcome) for one in verdict.findings} == {
        ("digest", Outcome.PASS),
        ("init", Outcome.PASS),
        ("provenance", Outcome.PASS),
    }
    assert verdict.allowed


@pytest.mark.parametrize(
    ("text", "outcome", "said"),
    [
        ("FROM alpine", Outcome.FAIL, "alpine has no tag"),
        ("FROM alpine:3", Outcome.FAIL, "alpine:3 is a tag, and tags move."),
        ("ARG V=3\nFROM alpine:$V", Outcome.FAIL, "alpine:3 is a tag"),
        ("ARG V\nFROM alpine:$V", Outcome.FAIL, "alpine:${V} is a tag that comes with the build"),
        ("ARG B\nFROM $B", Outcome.SKIP, "give it as name@sha256:… with --build-arg"),
        ("ARG B\nFROM alpine@$B", Outcome.SKIP, "comes with the build"),
        (f"ARG R\nFROM $R/alpine@{DIGEST}", Outcome.PASS, "it is named by a digest."),
        ("ARG A\nARG B\nFROM $A$B", Outcome.FAIL, "comes with the build"),
        (f"FROM a:1@{DIGEST}", Outcome.PASS, "it is named by a digest."),
        ("FROM scratch\nCOPY --from=b:1 x y", Outcome.FAIL, "b:1 is a tag"),
        ("FROM ALPINE", Outcome.FAIL, "lower case"),
    ],
)
def test_which_alpine(text: str, outcome: Outcome, said: str) -> None:
    # What is no image name at all is refused before anybody asks.
    found = only(text, "digest") if "ALPINE" not in text else invalid(text)

    assert (found.outcome, said in found.message) == (outcome, True), found.message


def invalid(text: str) -> Finding:
    from webhook.core.judge import InvalidImage  # noqa: PLC0415

    build = read_build(read_dockerfile(text, "Dockerfile"), "Dockerfile")
    images = {"ALPINE": InvalidImage("it must be in lower case")}
    verdict = judge_build(build, workload_of_build(build, "D"), images, (POLICY,), NOW)
    (init,) = [one for one in verdict.findings if one.rule == "init"]
    assert init.outcome is Outcome.UNKNOWN
    return next(one for one in verdict.findings if one.rule == "digest")


def test_the_digest_that_a_tag_has_now_is_in_the_fix() -> None:
    assert f"alpine:3@{DIGEST}" in only("FROM alpine:3", "digest", facts()).fix


@pytest.mark.parametrize(
    ("text", "known", "outcome", "said"),
    [
        ('FROM a\nENTRYPOINT ["tini","--","x"]', None, Outcome.PASS, "tini"),
        ("FROM a\nENTRYPOINT x y", None, Outcome.FAIL, '`/bin/sh -c "x y"`'),
        ('FROM a\nENTRYPOINT ["x"]\nCMD y', None, Outcome.FAIL, "which is no init"),
        ("FROM a\nCMD x; y", facts(config(entrypoint=())), Outcome.FAIL, "a shell form"),
        ("FROM a\nCMD x; y", None, Outcome.FAIL, 'CMD is a shell form, `/bin/sh -c "x; y"`'),
        ("FROM a\nCMD x; y", facts(), Outcome.FAIL, "does not reach the program"),
        ("ARG B\nFROM $B\nCMD x; y", None, Outcome.FAIL, "whatever its base starts"),
        ('FROM a\nCMD ["sh","-c","x; y"]', None, Outcome.FAIL, "its last command is not `exec`"),
        ("FROM a\nCMD exec x", None, Outcome.UNKNOWN, "offline"),
        ("FROM a\nCMD", None, Outcome.UNKNOWN, "offline"),
        ('FROM a\nCMD ["x"]', facts(), Outcome.PASS, "tini"),
        ('FROM a\nCMD ["x"]', None, Outcome.UNKNOWN, "offline"),
        ('ARG B\nFROM $B\nCMD ["x"]', None, Outcome.UNKNOWN, "comes with the build"),
        ('FROM a AS b\nENTRYPOINT ["tini","--"]\nFROM b', None, Outcome.PASS, "tini"),
        ('FROM scratch\nCMD ["x"]', None, Outcome.FAIL, "`x`, which is no init"),
        ("FROM scratch", None, Outcome.SKIP, "the runtime will refuse it"),
        ("FROM a\nENTRYPOINT x", facts(config(os="windows")), Outcome.SKIP, "Windows"),
    ],
)
def test_what_starts_is_judged_as_in_an_image(
    text: str, known: ImageFacts | None, outcome: Outcome, said: str
) -> None:
    found = only(text, "init", known)

    assert (found.outcome, said in found.message) == (outcome, True), found.message
    assert "shareProcessNamespace" not in found.fix


def test_a_label_that_no_line_sets_only_warns_because_an_option_may_set_it() -> None:
    found = only(GOOD.replace(REVISION, "other"), "provenance")

    assert found.outcome is Outcome.FAIL
    assert found.mode is Mode.WARN
    assert f"docker build --label {REVISION}=" in found.fix


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ARG revision=unknown", 'it says only "unknown"'),
        ("ARG revision=main", "is no commit"),
        ("ENV revision=1", "is no commit"),
        ("ARG other", "it is empty"),
    ],
)
def test_a_value_that_would_be_refused_is_refused(line: str, said: str) -> None:
    found = only(GOOD.replace("ARG revision", line), "provenance")

    assert (found.outcome, found.mode) == (Outcome.FAIL, Mode.ENFORCE)
    assert said in found.message
    assert REVISION in found.message


def test_labels_of_the_base_are_about_the_base() -> None:
    found = only('FROM a\nENTRYPOINT ["tini"]', "provenance", facts(config(labels=LABELS)))

    assert found.outcome is Outcome.FAIL


def test_all_labels_may_come_with_the_build() -> None:
    labels = "\n".join(f"ARG v{n}\nLABEL {name}=$v{n}" for n, name in enumerate(LABELS))
    found = only(f"FROM a\n{labels}", "provenance")

    assert found.outcome is Outcome.PASS
    assert "v0, v1, v2" in found.message


def test_packages_without_versions_warn_and_never_refuse() -> None:
    text = GOOD + "RUN <<E\napk add a b c d e f g\nE\nRUN pip install x\n"
    apk, pip = answers(text, "packages")

    assert (apk.mode, apk.outcome, apk.policy) == (Mode.WARN, Outcome.FAIL, "")
    assert apk.message == "apk add takes what is newest: a, b, c, d, e and 2 more."
    assert pip.fix == "Say the versions: x==VERSION."
    assert judged(text).allowed


def test_the_rule_registry_is_for_what_runs() -> None:
    assert answers(GOOD, "registry") == []


def test_every_finding_has_a_line() -> None:
    text = "FROM a AS b\nFROM c\nRUN apk add d\nLABEL org.opencontainers.image.source=x\nCMD e\n"
    build = read_build(read_dockerfile(text, "Dockerfile"), "Dockerfile")
    lines = lines_of_build(build)

    found = {(one.rule, lines[one.pointer]) for one in judged(text).findings}
    assert found == {
        ("digest", 1),
        ("digest", 2),
        ("init", 5),
        ("provenance", 4),
        ("packages", 3),
    }


def test_only_what_a_rule_wants_to_know_is_asked() -> None:
    def asked(text: str, *rules: Rule) -> dict[str, frozenset[Need]]:
        build = read_build(read_dockerfile(text, "Dockerfile"), "Dockerfile")
        policy = Policy(name="p", rules=tuple(ActiveRule(rule, Mode.WARN) for rule in rules))
        return dict(to_learn(build, (policy,)))

    two = "ARG B\nFROM a AS b\nFROM $B\nFROM c\n"
    both = frozenset({Need.DIGEST, Need.CONFIG})
    assert asked(two, *RULES) == {"a": frozenset({Need.DIGEST}), "c": both}
    assert asked(f'{two}ENTRYPOINT ["x"]', InitRule()) == {}
    assert asked(two, InitRule()) == {"c": frozenset({Need.CONFIG})}
    assert asked(two, ProvenanceRule()) == {}
