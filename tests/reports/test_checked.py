"""The sums under a report."""

from __future__ import annotations

from msgspec.structs import replace

from tests.reports.findings import checked, finding, result
from webhook.core.verdict import Mode, Outcome
from webhook.reports.checked import RuleCount, undecided, warns


def test_every_object_is_counted_once_whatever_its_number_of_findings() -> None:
    summary = result(
        checked(finding(), finding(rule="init")),
        checked(finding(mode=Mode.WARN), finding(Outcome.UNKNOWN, Mode.WARN)),
        checked(finding(Outcome.UNKNOWN, Mode.ENFORCE, image="b")),
        checked(finding(Outcome.PASS, image="")),
        without_images=7,
    ).summary()

    assert (summary.objects, summary.without_images) == (4, 7)
    assert (summary.allowed, summary.refused) == (2, 2)
    assert (summary.warned, summary.unknown) == (1, 2)
    assert summary.images == 2
    assert summary.rules == {
        "digest": RuleCount(passed=1, failed=2, unknown=2),
        "init": RuleCount(failed=1),
    }


def test_images_that_no_policy_asks_about_are_counted_too() -> None:
    uncovered = replace(checked(), images=frozenset({"a", "b"}))
    crowded = replace(checked(finding(image="")), images=frozenset({"b", "c", "d"}))

    assert result(uncovered, crowded).summary().images == 4


def test_a_skip_is_counted_as_a_skip() -> None:
    summary = result(checked(finding(Outcome.SKIP))).summary()

    assert summary.rules == {"digest": RuleCount(skipped=1)}


def test_an_unknown_that_warns_is_no_warning_but_undecided() -> None:
    one = finding(Outcome.UNKNOWN, Mode.WARN)

    assert (warns(one), undecided(one)) == (False, True)


def test_audit_is_neither_a_warning_nor_undecided() -> None:
    for outcome in Outcome:
        one = finding(outcome, Mode.AUDIT)

        assert (warns(one), undecided(one)) == (False, False)


def test_a_finding_has_the_line_of_its_image_where_that_is_known() -> None:
    one = finding()

    assert checked(one, line=3, lines={one.pointer: 9}).line_of(one) == 9
    assert checked(one, line=3).line_of(one) == 3


def test_an_object_without_namespace_has_a_title_without_one() -> None:
    assert checked(namespace="").object.title == "Pod web"
    assert checked().object.title == "Pod shop/web"
