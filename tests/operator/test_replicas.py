from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from webhook.operator.replicas import (
    Address,
    Announced,
    LeaseItem,
    Seen,
    Sightings,
    address_of,
    announced,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def said(name: str, renewed: datetime | str) -> Announced:
    text = renewed if isinstance(renewed, str) else f"{renewed:%Y-%m-%dT%H:%M:%S.%f}Z"
    return Announced(name, ("10.0.0.1", 8443), ready=True, renewed=text)


def ages(seen: Seen) -> dict[str, float]:
    return {one.said.name: one.age for one in seen.replicas}


@pytest.mark.parametrize(
    ("renewed", "age"),
    [
        (NOW, 0),
        (NOW - timedelta(seconds=29), 29),
        (NOW - timedelta(hours=1), 3600),
        (NOW + timedelta(hours=1), 3600),
        ("", float("inf")),
        ("yesterday", float("inf")),
    ],
)
def test_at_first_sight_a_lease_is_as_old_as_it_says(renewed: datetime | str, age: float) -> None:
    seen = Sightings().look([said("a", renewed)], 50.0, NOW)

    assert ages(seen) == {"a": age}
    assert seen.replicas[0].fresh is (age < 30)
    assert (seen.clock, seen.clock_known) == (None, False)


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(days=3650), timedelta(days=-3650)])
def test_a_lease_that_changes_is_alive_whatever_its_clock_says(skew: timedelta) -> None:
    sightings = Sightings()
    sightings.look([said("a", NOW + skew)], 50.0, NOW)
    later = timedelta(seconds=10)
    seen = sightings.look([said("a", NOW + skew + later)], 60.0, NOW + later)

    assert ages(seen) == {"a": 0}
    assert (seen.clock, seen.clock_known) == (skew.total_seconds(), True)
    assert not sightings.look([said("a", NOW + skew + later)], 90.0, NOW).replicas[0].fresh


def test_the_clock_in_the_middle_counts() -> None:
    sightings = Sightings()
    leases = [said(name, NOW) for name in "abc"]
    sightings.look(leases, 0.0, NOW)
    ahead = {"a": 9, "b": 1, "c": 1e6}
    moved = [said(name, NOW + timedelta(seconds=seconds)) for name, seconds in ahead.items()]

    assert sightings.look(moved, 1.0, NOW).clock == 9


def test_a_lease_that_says_no_time_tells_nothing_about_clocks() -> None:
    sightings = Sightings()
    sightings.look([said("a", "one")], 0.0, NOW)
    seen = sightings.look([said("a", "two")], 1.0, NOW)

    assert (seen.replicas[0].fresh, seen.clock, seen.clock_known) == (True, None, False)


def test_leases_that_never_change_are_not_waited_for_without_end() -> None:
    sightings = Sightings()
    sightings.look([said("a", NOW)], 0.0, NOW)

    assert not sightings.look([said("a", NOW)], 29.0, NOW).clock_known
    assert sightings.look([said("a", NOW)], 30.0, NOW).clock_known
    assert sightings.look([], 31.0, NOW).clock_known


def test_the_youngest_come_first() -> None:
    leases = [said("old", NOW - timedelta(hours=1)), said("b", NOW), said("a", NOW)]

    assert list(ages(Sightings().look(leases, 0.0, NOW))) == ["a", "b", "old"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1.2.3:8443", ("10.1.2.3", 8443)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("[fd00::1]:8443", ("fd00::1", 8443)),
        ("fd00::1:8443", ("fd00::1", 8443)),
        ("[::ffff:10.1.2.3]:8443", ("10.1.2.3", 8443)),
        ("10.1.2.3:0", None),
        ("10.1.2.3:65536", None),
        ("10.1.2.3:99999999999999999999", None),
        ("10.1.2.3:000001" + "9" * 5000, None),
        ("10.1.2.3:٣", None),
        ("10.1.2.3:-1", None),
        ("10.1.2.3", None),
        (":8443", None),
        ("", None),
        ("cocket.example.com:8443", None),
        ("169.254.169.254:80", None),
        ("[::ffff:169.254.169.254]:80", None),
        ("[fe80::1]:8443", None),
        ("[fd00::1%eth0]:8443", None),
        ("0.0.0.0:8443", None),
        ("[::]:8443", None),
        ("224.0.0.1:8443", None),
        ("2130706433:8443", None),
        ("0x7f.1:8443", None),
    ],
)
def test_only_addresses_that_may_be_asked_are_read(text: str, expected: Address | None) -> None:
    assert address_of(text) == expected


@pytest.mark.parametrize(
    ("lease", "expected"),
    [
        ({"metadata": {"name": "a"}}, Announced("a", None, ready=False, renewed="")),
        (
            {
                "metadata": {
                    "name": "a",
                    "annotations": {
                        "cocket.dev/address": "10.0.0.1:8443",
                        "cocket.dev/ready": "true",
                    },
                },
                "spec": {"renewTime": "2026-11-23T12:00:00.000000Z"},
            },
            Announced("a", ("10.0.0.1", 8443), ready=True, renewed="2026-11-23T12:00:00.000000Z"),
        ),
        ({"metadata": {"name": "a"}, "spec": {}}, Announced("a", None, ready=False, renewed="")),
    ],
)
def test_a_lease_is_read(lease: object, expected: Announced) -> None:
    assert announced(msgspec.convert(lease, LeaseItem)) == expected
