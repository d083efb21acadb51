"""Labels that are compared with what the builder says."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.builders import LABELS, NOW, REVISION, config, facts, image, pod, use
from tests.crds import PUBLIC_KEY
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.keys import PublicKey, read_key
from webhook.core.rules.agreement import MAX_KEYS, Asked
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.verdict import Answer, Outcome
from webhook.errors import InvalidPolicyError

OTHER = "c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2"
GAP = Unknown(Reason.UNREACHABLE, "no connection to registry.example.com")
NOBODY = "so nobody can tell whether its labels are true"


def key() -> PublicKey:
    found = read_key(PUBLIC_KEY)
    assert found is not None
    return found


KEY = key()
INDEX = Voucher(Place.INDEX)
ATTACHED = Voucher(Place.REFERRER, signed=True)
SIGNED = Voucher(Place.TAG, signed=True, signers=(KEY.fingerprint,))
GOOD = Build(voucher=INDEX, commit=REVISION)


def made(*builds: Build | Unknown | None) -> ImageFacts:
    found = facts(*(config(architecture=f"a{number}") for number, _ in enumerate(builds)))
    platforms = tuple(
        replace(one, build=build) for one, build in zip(found.platforms, builds, strict=True)
    )
    return replace(found, platforms=platforms)


def check(
    *builds: Build | Unknown | None,
    agreement: Asked = Asked.REQUIRE,
    keys: tuple[PublicKey, ...] = (),
) -> Answer:
    one = use()
    rule = ProvenanceRule(agreement=agreement, keys=keys)
    return rule.check(one, pod(one), image(one.image, made(*builds)), NOW)


@pytest.mark.parametrize("agreement", [Asked.IF_ATTESTED, Asked.REQUIRE])
def test_labels_that_say_what_the_build_says_pass(agreement: Asked) -> None:
    assert check(GOOD, agreement=agreement).outcome is Outcome.PASS


@pytest.mark.parametrize("agreement", [Asked.IF_ATTESTED, Asked.REQUIRE])
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            replace(GOOD, commit=OTHER),
            "the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…",
        ),
        (
            Build(voucher=ATTACHED, commit=OTHER),
            "the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…",
        ),
        (
            Build(problem="the statement is about another image"),
            "its provenance attestation does not count: the statement is about another image",
        ),
    ],
)
def test_labels_that_say_something_else_fail(build: Build, message: str, agreement: Asked) -> None:
    answer = check(build, agreement=agreement)

    assert (answer.outcome, answer.message) == (Outcome.FAIL, message)
    assert "docker buildx build --provenance=true" in answer.fix


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (Build(), f"it has no provenance attestation, {NOBODY}"),
        (replace(GOOD, commit=""), f"its provenance attestation names no commit, {NOBODY}"),
        (
            replace(GOOD, voucher=ATTACHED),
            (
                "its provenance attestation is attached to it, signed, not verified: what anybody "
                "may attach does not count without keys in the policy"
            ),
        ),
        (
            replace(GOOD, voucher=SIGNED),
            (
                "its provenance attestation is under a tag of its digest, signed by "
                f"{KEY.fingerprint[:19]}…: what anybody may attach does not count without keys in "
                "the policy"
            ),
        ),
    ],
)
def test_require_wants_one_that_counts(build: Build, message: str) -> None:
    assert check(build).message == message
    assert check(build).outcome is Outcome.FAIL
    assert check(build, agreement=Asked.IF_ATTESTED).outcome is Outcome.PASS


def test_with_keys_only_what_one_of_them_signed_counts() -> None:
    assert check(replace(GOOD, voucher=SIGNED), keys=(KEY,)).outcome is Outcome.PASS
    for voucher in (INDEX, ATTACHED, replace(SIGNED, signers=("sha256:" + "0" * 64,))):
        answer = check(replace(GOOD, voucher=voucher), keys=(KEY,))
        assert answer.outcome is Outcome.FAIL
        assert answer.message.endswith("not by a key of the policy")


def test_what_nobody_asked_or_could_tell_is_unknown() -> None:
    assert check(None).outcome is Outcome.UNKNOWN
    assert check(None).reason is Reason.OFFLINE
    answer = check(GAP)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.UNREACHABLE)
    assert answer.message == f"whether its labels are true could not be checked: {GAP.detail}"


def test_the_worst_platform_speaks_and_is_named() -> None:
    assert check(GOOD, GAP).outcome is Outcome.UNKNOWN
    bad = replace(GOOD, commit=OTHER)
    answer = check(GAP, GOOD, bad)
    assert answer.outcome is Outcome.FAIL
    assert answer.message.startswith("on linux/a2, the label says commit ")
    assert check(bad, bad).message.startswith("the label says commit ")


def test_a_missing_label_comes_first() -> None:
    found = facts(config(labels={}))
    rule = ProvenanceRule(agreement=Asked.REQUIRE)
    one = use()
    answer = rule.check(one, pod(one), image(one.image, found), NOW)

    assert answer.outcome is Outcome.FAIL
    assert "label org.opencontainers.image.revision is missing" in answer.message


def test_off_asks_nobody() -> None:
    assert check(None, agreement=Asked.OFF).outcome is Outcome.PASS
    assert ProvenanceRule().needs == {Need.CONFIG}
    assert ProvenanceRule(agreement=Asked.REQUIRE).needs == {Need.CONFIG, Need.BUILD}


def test_labels_of_the_future_fail_whatever_the_build_says() -> None:
    later = LABELS | {"org.opencontainers.image.created": "2026-11-24T12:00:00Z"}
    found = facts(config(labels=later))
    platforms = (replace(found.platforms[0], build=GOOD),)
    one = use()
    rule = ProvenanceRule(agreement=Asked.REQUIRE)
    answer = rule.check(one, pod(one), image(one.image, replace(found, platforms=platforms)), NOW)

    assert answer.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("keys", "agreement", "words"),
    [
        ((KEY,), Asked.OFF, "asks for no agreement"),
        ((KEY,) * (MAX_KEYS + 1), Asked.REQUIRE, "more than 16 keys"),
    ],
)
def test_keys_that_count_for_nothing_are_refused(
    keys: tuple[PublicKey, ...], agreement: Asked, words: str
) -> None:
    with pytest.raises(InvalidPolicyError, match=words):
        ProvenanceRule(agreement=agreement, keys=keys)
