"""The table for people, as pipes and `grep` see it."""

from __future__ import annotations

from hypothesis import given

from tests.reports.findings import checked, finding, hostile_results, result
from webhook.core.facts import Reason
from webhook.core.verdict import Mode, Outcome
from webhook.reports.checked import CheckResult
from webhook.reports.table import render_table


def test_each_finding_is_one_line_under_its_object() -> None:
    text = render_table(
        result(
            checked(
                finding(),
                finding(Outcome.UNKNOWN, Mode.WARN, rule="init", message="no", fix=""),
                finding(Outcome.FAIL, Mode.WARN, rule="init", message="no tini", fix=""),
                finding(Outcome.FAIL, Mode.AUDIT, rule="init", message="late", fix=""),
                finding(Outcome.PASS, rule="registry"),
                lines={"/spec/containers/0/image": 9},
            ),
            checked(finding(Outcome.PASS), name="good", line=20),
        )
    )

    assert text == (
        "✗ deploy/web.yaml:3: Pod shop/web: refused\n"
        '    ✗ digest: container "app": nginx:1.25 is a tag, and tags move. Write nginx@sha256:….\n'
        '    ? init: container "app": could not be checked (offline): no\n'
        '    ! init: container "app": no tini\n'
        '    · init: container "app": late\n'
        "✓ deploy/web.yaml:20: Pod shop/good: allowed\n"
        "2 objects with 1 image, 1 allowed, 1 refused, 1 with warnings, 1 not fully checked\n"
    )


def test_the_verdict_says_the_worst_thing() -> None:
    text = render_table(
        result(
            checked(finding(Outcome.UNKNOWN, Mode.ENFORCE)),
            checked(finding(mode=Mode.WARN), finding(Outcome.UNKNOWN, Mode.WARN)),
            checked(finding(Outcome.UNKNOWN, Mode.WARN)),
            checked(finding(mode=Mode.AUDIT)),
            checked(finding(Outcome.SKIP)),
            checked(),
        )
    )

    verdicts = [line for line in text.splitlines() if "Pod shop/web" in line]
    assert [f"{line[0]} {line.split(': ', 2)[2]}" for line in verdicts] == [
        "✗ refused",
        "! allowed, with warnings",
        "? allowed, not fully checked",
        "· allowed, noted by audit",
        "✓ allowed",
        "✓ allowed: no policy covers it",
    ]


def test_an_unknown_that_refuses_has_the_sign_of_a_refusal() -> None:
    text = render_table(
        result(checked(finding(Outcome.UNKNOWN, reason=Reason.NOT_FOUND, message="gone", fix="")))
    )

    assert '    ✗ digest: container "app": could not be checked (not-found): gone\n' in text


def test_passes_and_skips_are_shown_on_request() -> None:
    one = result(
        checked(
            finding(Outcome.PASS, message="it is pinned", fix=""),
            finding(Outcome.SKIP, message="it is Windows", fix=""),
        )
    )

    assert "pinned" not in render_table(one)
    assert '    ✓ digest: container "app": it is pinned\n' in render_table(one, verbose=True)
    assert '    - digest: container "app": it is Windows\n' in render_table(one, verbose=True)


def test_the_policy_is_named_where_there_are_several() -> None:
    text = render_table(result(checked(finding(), finding(policy="strict"))))

    assert "✗ digest (policy default): " in text
    assert "✗ digest (policy strict): " in text


@given(hostile_results())
def test_strangers_write_no_lines_and_move_no_cursor(hostile: CheckResult) -> None:
    lines = render_table(hostile, verbose=True).split("\n")

    findings = sum(len(one.verdict.findings) for one in hostile.checked)
    assert len(lines) == len(hostile.checked) + findings + 2
    assert all(line.isprintable() for line in lines)
