"""Who passes which check."""

from __future__ import annotations

from tests.reports.findings import finding
from tests.reports.judged import TAKEN
from webhook.core.rules import RULES
from webhook.core.running import DRIFTED
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.reports.audited import Audit, Audited, Owner
from webhook.reports.html.shares import Share, namespace_shares, rules_of, shares_of


def one(*findings: Finding, namespace: str = "shop", name: str = "web") -> Audited:
    owner = Owner(api_version="apps/v1", kind="Deployment", namespace=namespace, name=name)
    return Audited(owner=owner, pods=1, verdict=Verdict(findings))


def at(
    place: str, outcome: Outcome, rule: str = "digest", policy: str = "", exception: str = ""
) -> Finding:
    return finding(
        outcome, Mode.AUDIT, rule=rule, pointer=place, policy=policy, exception=exception
    )


def test_every_place_counts_once_with_its_worst_answer() -> None:
    found = one(
        at("/0", Outcome.PASS, policy="a"),
        at("/0", Outcome.FAIL, policy="b"),
        at("/1", Outcome.PASS),
        at("/2", Outcome.UNKNOWN),
        at("/2", Outcome.PASS, policy="b"),
        at("/3", Outcome.SKIP),
        at("/4", Outcome.FAIL, exception="shop/old"),
    )

    [share] = shares_of([found], ["digest"])

    assert share == Share("digest", passed=1, excused=1, unchecked=1, failed=1)
    assert (share.asked, share.percent) == (4, 25)


def test_every_rule_says_what_holds_where_it_passes() -> None:
    holds = {rule: Share(rule).holds for rule in (*RULES, DRIFTED)}

    assert all(holds.values()), holds
    assert len(set(holds.values())) == len(holds)
    # Of another build's rule there is none, and the page says only its name.
    assert Share("of-another-build").holds == ""


def test_a_check_that_applies_nowhere_has_no_percentage() -> None:
    [share] = shares_of([one(at("/0", Outcome.SKIP))], ["digest"])

    assert share.percent is None


def test_only_all_is_a_hundred_percent() -> None:
    assert Share("digest", passed=999, failed=1).percent == 99
    assert Share("digest", passed=1000).percent == 100


def test_checks_stand_in_the_order_of_the_rules_and_new_ones_behind() -> None:
    found = one(*(at("/0", Outcome.PASS, rule) for rule in ("zeal", "init", "drifted", "digest")))

    assert rules_of([found]) == ("digest", "init", "drifted", "zeal")


def test_the_namespace_with_most_to_do_comes_first() -> None:
    found = [
        one(at("/0", Outcome.PASS), namespace="good"),
        one(at("/0", Outcome.FAIL), at("/1", Outcome.FAIL), namespace="bad"),
        one(finding(Outcome.FAIL, Mode.ENFORCE), namespace="worst"),
        one(at("/0", Outcome.UNKNOWN), namespace="unknown"),
    ]

    shares = namespace_shares(found, ("digest",))

    assert [one.namespace for one in shares] == ["worst", "bad", "unknown", "good"]
    assert [(one.owners, one.refused) for one in shares][:2] == [(1, 1), (1, 0)]


def test_an_audit_of_nothing_has_no_checks() -> None:
    empty = Audit(taken=TAKEN, audited=())

    assert rules_of(empty.audited) == ()
    assert namespace_shares(empty.audited, ()) == ()


def test_the_checks_that_there_are_say_what_they_ask() -> None:
    for rule in ("digest", "registry", "provenance", "init"):
        assert Share(rule).holds
    assert Share("zeal").holds == ""
