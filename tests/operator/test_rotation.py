from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from webhook.operator.authority import issue
from webhook.operator.rotation import (
    MOST_CLOCK_SECONDS,
    Action,
    Begin,
    Forget,
    Issue,
    Observed,
    Promote,
    Terms,
    Wait,
    changes,
    next_step,
    wanted_bundle,
)
from webhook.operator.stored import Stored, read_stored

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TERMS = Terms(names=frozenset({"a"}), publish_seconds=60, settle_seconds=60)
ONE, TWO, THREE = issue(["a"], NOW), issue(["a"], NOW), issue(["a"], NOW)
PAIR = {"tls.crt": ONE.chain, "tls.key": ONE.key}
NEXT = {"next.crt": TWO.chain, "next.key": TWO.key}
REST = read_stored(PAIR | {"ca.crt": ONE.ca})
PUBLISHING = read_stored(PAIR | NEXT | {"ca.crt": TWO.ca + ONE.ca})
PROVING = read_stored({"tls.crt": TWO.chain, "tls.key": TWO.key, "ca.crt": TWO.ca + ONE.ca})
LOST = Stored()
LIVE = Observed(live=(ONE.ca,))
RENEWAL = NOW + timedelta(days=20)
LATE = NOW + timedelta(days=31)


def step(stored: Stored, observed: Observed = LIVE, now: datetime = NOW) -> Action:
    return next_step(stored, observed, TERMS, now)


@pytest.mark.parametrize(
    ("stored", "observed", "now", "expected"),
    [
        (LOST, Observed(), NOW, Issue),
        (LOST, Observed(clock_known=False), NOW, Issue),
        (LOST, LIVE, NOW, Begin),
        (LOST, Observed(live=(ONE.ca,), proven=1e9, published=1e9), NOW, Begin),
        (REST, LIVE, NOW, Wait),
        (REST, Observed(live=(ONE.ca,), proven=1e9, published=1e9), NOW, Wait),
        (REST, LIVE, RENEWAL - timedelta(hours=1), Wait),
        (REST, LIVE, RENEWAL, Begin),
        (REST, LIVE, LATE, Begin),
        (REST, LIVE, NOW - timedelta(hours=2), Begin),
        (REST, Observed(), RENEWAL, Begin),
        (PUBLISHING, LIVE, NOW, Wait),
        (PUBLISHING, Observed(published=59.9), NOW, Wait),
        (PUBLISHING, Observed(published=60), NOW, Promote),
        (PUBLISHING, Observed(published=60), LATE, Begin),
        (PUBLISHING, Observed(live=(ONE.ca,), proven=1e9), NOW, Wait),
        (PROVING, LIVE, NOW, Wait),
        (PROVING, Observed(published=1e9), NOW, Wait),
        (PROVING, Observed(published=1e9), NOW + timedelta(days=19), Wait),
        (PROVING, Observed(proven=59.9), NOW, Wait),
        (PROVING, Observed(proven=60), NOW, Forget),
        (PROVING, Observed(published=1e9), LATE, Begin),
    ],
)
def test_what_is_to_be_done(
    stored: Stored, observed: Observed, now: datetime, expected: type[Action]
) -> None:
    assert type(step(stored, observed, now)) is expected


def test_a_certificate_for_other_names_is_replaced() -> None:
    terms = Terms(names=frozenset({"a", "b", "c"}))
    action = next_step(REST, LIVE, terms, NOW)

    assert action == Begin("the certificate is not for b, c")


@pytest.mark.parametrize("seconds", [MOST_CLOCK_SECONDS + 1, -MOST_CLOCK_SECONDS - 1, -3e8])
def test_a_clock_that_is_wrong_makes_no_certificate_and_says_so(seconds: float) -> None:
    action = step(REST, Observed(live=(ONE.ca,), clock=seconds), LATE)

    assert isinstance(action, Wait)
    assert action.problem
    assert "clocks of the replicas differ" in action.why.replace("our clock and those", "clocks")


@pytest.mark.parametrize("seconds", [0, MOST_CLOCK_SECONDS, -MOST_CLOCK_SECONDS])
def test_clocks_that_agree_well_enough_hinder_nothing(seconds: float) -> None:
    assert isinstance(step(REST, Observed(live=(ONE.ca,), clock=seconds), LATE), Begin)


def test_a_clock_that_may_yet_be_compared_is_waited_for() -> None:
    action = step(REST, Observed(live=(ONE.ca,), clock_known=False), LATE)

    assert isinstance(action, Wait)
    assert not action.problem


def applied(
    stored: dict[str, bytes], action: Action, observed: Observed = LIVE
) -> dict[str, bytes]:
    assert not isinstance(action, Wait)
    after = dict(stored)
    for key, value in changes(action, read_stored(stored), observed, THREE).items():
        if value is None:
            after.pop(key, None)
        else:
            after[key] = value
    return after


def test_a_whole_rotation() -> None:
    data = PAIR | {"ca.crt": ONE.ca}

    data = applied(data, step(read_stored(data), LIVE, RENEWAL))
    begun = read_stored(data)
    assert begun.serving == REST.serving
    assert begun.bundle == (THREE.ca, ONE.ca)
    data = applied(data, next_step(begun, Observed(published=60), TERMS, NOW))
    promoted = read_stored(data)
    assert promoted.pending is None
    assert promoted.serving is not None
    assert promoted.serving.chain == THREE.chain
    assert promoted.bundle == (THREE.ca, ONE.ca)
    data = applied(data, next_step(promoted, Observed(proven=60), TERMS, NOW))
    assert data == {"tls.crt": THREE.chain, "tls.key": THREE.key, "ca.crt": THREE.ca}


def test_the_first_certificate_is_served_at_once() -> None:
    data = applied({}, step(LOST, Observed()), Observed())

    assert data == {"tls.crt": THREE.chain, "tls.key": THREE.key, "ca.crt": THREE.ca}


def test_the_first_certificate_forgets_no_ca_that_was_there() -> None:
    data = applied({"ca.crt": ONE.ca}, Issue(""), Observed())

    assert read_stored(data).bundle == (THREE.ca, ONE.ca)


def test_after_a_loss_what_is_trusted_now_is_written_down_and_nothing_is_served_yet() -> None:
    data = applied({}, step(LOST), LIVE)

    assert data == {
        "next.crt": THREE.chain,
        "next.key": THREE.key,
        "ca.crt": THREE.ca + ONE.ca,
    }


def test_a_pair_whose_ca_is_lost_is_served_on_until_the_next_is_known() -> None:
    data = applied(PAIR | {"ca.crt": b"garbage"}, Begin(""), LIVE)

    assert data["tls.crt"] == ONE.chain
    assert read_stored(data).serving is not None


def test_a_pair_that_was_given_up_leaves_no_ca_behind() -> None:
    data = applied(PAIR | NEXT | {"ca.crt": TWO.ca + ONE.ca}, Begin(""), LIVE)

    assert read_stored(data).bundle == (THREE.ca, ONE.ca)


def test_a_pair_from_the_same_ca_that_was_given_up_leaves_it() -> None:
    same = {"next.crt": ONE.chain, "next.key": ONE.key}
    data = applied(PAIR | same | {"ca.crt": ONE.ca}, Begin(""), LIVE)

    assert read_stored(data).bundle == (THREE.ca, ONE.ca)


@pytest.mark.parametrize(
    ("stored", "live", "proven", "expected"),
    [
        (LOST, (ONE.ca,), 1e9, (ONE.ca,)),
        (LOST, (), 0, ()),
        (REST, (), 0, (ONE.ca,)),
        (REST, (ONE.ca,), 0, (ONE.ca,)),
        (REST, (THREE.ca,), 59.9, (ONE.ca, THREE.ca)),
        (REST, (ONE.ca, THREE.ca), 60, (ONE.ca,)),
        (PUBLISHING, (ONE.ca,), 1e9, (TWO.ca, ONE.ca)),
        (PUBLISHING, (THREE.ca,), 1e9, (TWO.ca, ONE.ca, THREE.ca)),
        (PROVING, (TWO.ca, ONE.ca), 1e9, (TWO.ca, ONE.ca)),
        (PROVING, (TWO.ca,), 0, (TWO.ca, ONE.ca)),
    ],
)
def test_a_ca_is_only_taken_away_after_the_proof(
    stored: Stored, live: tuple[bytes, ...], proven: float, expected: tuple[bytes, ...]
) -> None:
    assert wanted_bundle(stored, Observed(live=live, proven=proven), TERMS) == expected


def test_every_step_can_be_done_twice() -> None:
    for stored, observed in ((PUBLISHING, Observed(published=60)), (PROVING, Observed(proven=60))):
        first, second = step(stored, observed), step(stored, observed)

        assert msgspec.structs.asdict(first) == msgspec.structs.asdict(second)
