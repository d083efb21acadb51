"""How many different images run of which system, and how old their builds are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Unknown
from webhook.reports.running import built_of, system_of, told_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from webhook.core.facts import ImageFacts
    from webhook.reports.audited import Audit, RunningImage

MAX_SYSTEMS = 10
"""Systems with a bar of their own, the most frequent first."""
NOT_READ = "layers not read"
UNKNOWN = "nothing known"
NO_DATE = "no believable date"
OTHERS = "others"
_AGES = ((30, "less than 30 days"), (90, "30 to 89 days"), (365, "90 days to a year"))
_OLDER = "a year or more"
_PLAIN, _ENDED, _MISSING = "plain", "refused", "not-checked"


class Bar(msgspec.Struct, frozen=True):
    """One line of a chart."""

    word: str
    count: int
    css: str
    note: str = ""
    """What is to be said of all of them: an end of life."""


class Counted(msgspec.Struct, frozen=True):
    """Both charts; each bar of one is a part of `images`."""

    images: int
    systems: tuple[Bar, ...]
    ages: tuple[Bar, ...]


def counted(audit: Audit) -> Counted:
    """Count each digest once, and each name of which no digest is known."""
    different: dict[str, ImageFacts | Unknown] = {}
    for one in audit.audited:
        for image in one.images:
            key = _key(image)
            # The same digest may be known from one registry and not from another.
            if isinstance(different.get(key, image.facts), Unknown):
                different[key] = image.facts
            else:
                different.setdefault(key, image.facts)
    facts = list(different.values())
    return Counted(len(facts), _systems(facts, audit.taken), _ages(facts, audit.taken))


def _key(image: RunningImage) -> str:
    return image.digest or image.use.image


def _systems(facts: Sequence[ImageFacts | Unknown], taken: datetime) -> tuple[Bar, ...]:
    found = Counter(_system(one, taken) for one in facts)
    named = [one for one in found.most_common() if one[0].css != _MISSING]
    # Equal counts in the order of the alphabet: the same audit gives the same page.
    named.sort(key=lambda each: (-each[1], each[0].word))
    rest = sum(count for _, count in named[MAX_SYSTEMS:])
    others = [(Bar(OTHERS, 0, _PLAIN), rest)] if rest else []
    missing = sorted((one for one in found.items() if one[0].css == _MISSING), key=_word)
    return tuple(
        msgspec.structs.replace(bar, count=count)
        for bar, count in (*named[:MAX_SYSTEMS], *others, *missing)
    )


def _word(one: tuple[Bar, int]) -> str:
    return one[0].word


def _system(facts: ImageFacts | Unknown, taken: datetime) -> Bar:
    """Its bar, not counted yet."""
    if isinstance(facts, Unknown):
        return Bar(UNKNOWN, 0, _MISSING)
    system = system_of(facts.platforms, taken)
    if not system.name:
        return Bar(NOT_READ, 0, _MISSING)
    if not system.until:
        return Bar(system.name, 0, _PLAIN)
    if system.ended:
        return Bar(system.name, 0, _ENDED, f"ended {system.until}")
    return Bar(system.name, 0, _PLAIN, f"until {system.until}")


def _ages(facts: Iterable[ImageFacts | Unknown], taken: datetime) -> tuple[Bar, ...]:
    """From young to old, then what has no age; also where a count is 0."""
    found = Counter(_age(one, taken) for one in facts)
    words = [*(word for _, word in _AGES), _OLDER]
    bars = [Bar(word, found[word], _PLAIN) for word in words]
    bars += [Bar(word, found[word], _MISSING) for word in (NO_DATE, UNKNOWN) if found[word]]
    return tuple(bars)


def _age(facts: ImageFacts | Unknown, taken: datetime) -> str:
    if isinstance(facts, Unknown):
        return UNKNOWN
    _, days = built_of(told_of(facts.platforms).built, taken)
    if days is None or days < 0:
        return NO_DATE
    return next((word for below, word in _AGES if days < below), _OLDER)
