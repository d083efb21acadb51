from webhook.operator.steady import Steady


def test_what_stays_the_same_is_measured_from_the_first_look() -> None:
    steady = Steady(10)

    assert [steady.see("a", at) for at in (100.0, 105.0, 112.0)] == [0, 5, 12]


def test_a_change_and_a_break_begin_anew() -> None:
    steady = Steady(10)
    seen = [("a", 0.0), ("a", 5.0), ("b", 6.0), ("b", 7.0), (None, 8.0), (None, 9.0), ("b", 10.0)]

    assert [steady.see(what, at) for what, at in seen] == [0, 5, 0, 1, 0, 0, 0]


def test_who_did_not_look_has_seen_nothing() -> None:
    steady = Steady(10)
    steady.see("a", 0.0)

    assert steady.see("a", 11.0) == 0
    assert steady.see("a", 21.0) == 10
