from hypothesis import given
from hypothesis import strategies as st

from tests.builders import config, facts
from webhook.registry.cache import Bounded, Brief, Memory, Pinned


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_used_last_stays() -> None:
    kept: Bounded[str, str] = Bounded(3, len)
    kept.put("a", "x")
    kept.put("b", "x")
    kept.put("c", "x")
    kept.get("a")
    kept.put("d", "x")

    assert [kept.get(key) for key in "abcd"] == ["x", None, "x", "x"]


def test_what_is_too_large_is_not_kept() -> None:
    kept: Bounded[str, str] = Bounded(3, len)
    kept.put("a", "xxxx")

    assert (kept.get("a"), len(kept), kept.weight) == (None, 0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.text("x", max_size=6))))
def test_the_weights_are_never_more_than_allowed(puts: list[tuple[str, str]]) -> None:
    kept: Bounded[str, str] = Bounded(10, len)
    for key, value in puts:
        kept.put(key, value)
        held = [found for one in "abcdef" if (found := kept.get(one)) is not None]

        assert kept.weight == sum(map(len, held)) <= 10
        assert len(kept) == len(held)


def test_a_brief_entry_ends() -> None:
    clock = Clock()
    brief: Brief[str, int] = Brief(10.0, clock)
    brief.put("a", 1)
    clock.now = 9.9
    assert brief.get("a") == 1
    brief.put("a", 2)
    clock.now = 19.8
    assert brief.get("a") == 2
    clock.now = 19.9
    assert brief.get("a") is None
    assert len(brief) == 0
    assert brief.get("b") is None


def test_brief_entries_are_bounded() -> None:
    brief: Brief[int, int] = Brief(10.0, Clock())
    for number in range(20_000):
        brief.put(number, number)

    assert len(brief) == 16_384
    assert (brief.get(0), brief.get(19_999)) == (None, 19_999)


def test_facts_weigh_about_what_they_hold() -> None:
    memory = Memory(Clock(), max_bytes=10_000, tag_seconds=1, failure_seconds=1)
    small, large = facts(config(labels={})), facts(config(labels={"a": "x" * 5000}))
    memory.facts.put(Pinned("r", "a", "1"), small)
    light = memory.facts.weight
    memory.facts.put(Pinned("r", "a", "2"), large)

    assert light < 2000
    assert 5000 < memory.facts.weight - light < 7000
    memory.facts.put(Pinned("r", "a", "3"), large)
    assert memory.facts.get(Pinned("r", "a", "1")) is None
    assert len(memory.facts) == 1
