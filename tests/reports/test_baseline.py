"""With a baseline only what is new counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from tests.reports.audits import audit, audited, hostile_audited, owner
from tests.reports.findings import finding
from webhook.core.verdict import Finding, Mode, Outcome
from webhook.errors import InputError
from webhook.reports.audit_json import render_audit_json, render_audit_jsonl
from webhook.reports.audited import Audit, Audited
from webhook.reports.baseline import read_baseline, without_known

OLD = finding(image="registry.example.com/prod/web:1.0")
FORMS: list[Callable[[Audit], str]] = [render_audit_json, render_audit_jsonl]


def rest(found: Audit, *, before: Audit, form: Callable[[Audit], str] = FORMS[0]) -> list[Finding]:
    known = read_baseline(form(before).encode(), "before.json")
    left = without_known(found, known)
    findings = [one for owner in left.audit.audited for one in owner.verdict.findings]
    all_of_them = sum(len(one.verdict.findings) for one in found.audited)
    assert left.left_out == all_of_them - len(findings)
    return findings


def grown(found: Audit, *, before: Audit) -> int:
    return without_known(found, read_baseline(form_of(before), "before.json")).grown


def form_of(found: Audit) -> bytes:
    return render_audit_json(found).encode()


@pytest.mark.parametrize("form", FORMS)
def test_what_was_there_before_is_left_out(form: Callable[[Audit], str]) -> None:
    new = finding(rule="init")
    before = audit(audited(OLD))
    assert rest(before, before=before, form=form) == []
    assert rest(audit(audited(OLD, new)), before=before, form=form) == [new]
    assert rest(before, before=audit(), form=form) == [OLD]


def test_a_new_build_with_the_old_trouble_is_nothing_new() -> None:
    newer = finding(image="registry.example.com/prod/web:2.0")
    assert rest(audit(audited(newer)), before=audit(audited(OLD))) == []


@pytest.mark.parametrize(
    "new",
    [
        finding(image="registry.example.com/prod/api:1.0"),
        finding(image=OLD.image, rule="init"),
        finding(image=OLD.image, policy="another"),
        finding(image=OLD.image, container="proxy"),
    ],
)
def test_another_image_rule_policy_or_container_is_new(new: Finding) -> None:
    assert rest(audit(audited(new)), before=audit(audited(OLD))) == [new]


def test_another_owner_is_new() -> None:
    assert rest(audit(audited(OLD, of=owner("api"))), before=audit(audited(OLD))) == [OLD]


def test_what_could_not_be_checked_and_is_bad_now_is_new() -> None:
    unknown = finding(Outcome.UNKNOWN, image=OLD.image)
    assert rest(audit(audited(OLD)), before=audit(audited(unknown))) == [OLD]
    assert rest(audit(audited(unknown)), before=audit(audited(unknown))) == []


@pytest.mark.parametrize(
    ("then", "now", "is_known"),
    [
        (Mode.AUDIT, Mode.AUDIT, True),
        (Mode.AUDIT, Mode.WARN, False),
        (Mode.AUDIT, Mode.ENFORCE, False),
        (Mode.WARN, Mode.AUDIT, True),
        (Mode.WARN, Mode.ENFORCE, False),
        (Mode.ENFORCE, Mode.AUDIT, True),
        (Mode.ENFORCE, Mode.WARN, True),
    ],
)
@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN])
def test_what_does_more_than_it_did_is_new(
    then: Mode,
    now: Mode,
    is_known: bool,  # noqa: FBT001 - a column
    outcome: Outcome,
) -> None:
    before = audit(audited(finding(outcome, then, image=OLD.image)))
    found = audit(audited(finding(outcome, now, image=OLD.image)))

    assert (rest(found, before=before) == []) is is_known
    assert grown(found, before=before) == (0 if is_known else 1)


def test_what_an_exception_excused_is_new_when_the_exception_has_ended() -> None:
    excused = finding(mode=Mode.WARN, image=OLD.image, exception="shop/late")
    before = audit(audited(excused))

    assert rest(audit(audited(OLD)), before=before) == [OLD]
    assert grown(audit(audited(OLD)), before=before) == 1
    # Another exception may take its place, and a new one hides nothing that refused.
    assert rest(before, before=before) == []
    assert rest(before, before=audit(audited(OLD))) == []
    assert grown(audit(audited(OLD)), before=audit()) == 0


def test_of_several_places_with_one_name_the_strictest_counts() -> None:
    weaker = finding(mode=Mode.AUDIT, image=OLD.image, pointer="/spec/containers/1/image")
    for before in (audit(audited(OLD, weaker)), audit(audited(weaker, OLD))):
        assert rest(audit(audited(OLD, weaker)), before=before) == []


def test_a_baseline_that_does_not_say_what_findings_did_is_refused() -> None:
    line = form_of(audit(audited(OLD))).decode().replace('"mode":"enforce",', "")

    with pytest.raises(InputError, match=r"^before.json: no baseline: .*`mode`.*; write one with"):
        read_baseline(line.encode(), "before.json")


def test_what_was_good_hides_nothing_and_is_never_left_out() -> None:
    good = finding(Outcome.PASS, image=OLD.image)
    assert rest(audit(audited(OLD, good)), before=audit(audited(good))) == [OLD, good]


@given(hostile_audited())
def test_every_audit_is_its_own_baseline(one: Audited) -> None:
    for form in FORMS:
        assert all(not found.bad for found in rest(audit(one), before=audit(one), form=form))


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"kind":"Audit"}', '{"owner":{}}\n', "\xff", '{"owners":7,"kind":"Audit"}']
)
def test_what_is_no_baseline_is_an_error_that_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match=r"^before.json: no baseline: .*-o json"):
        read_baseline(text.encode("latin-1"), "before.json")
