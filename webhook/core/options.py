"""How programs that start another program write their options, so that the other one is found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"--?[0-9]+", re.ASCII)


class Grammar(msgspec.Struct, frozen=True):
    """The options of a program, as getopt reads them: they end at the first word that is none."""

    flags: frozenset[str] = frozenset()
    """Take no value, or one only behind `=`."""
    valued: frozenset[str] = frozenset()
    """Take the next word, or the rest of their own."""
    last: frozenset[str] = frozenset()
    """Options of the above behind which no other is read."""
    numeric: bool = False
    """Whether `-10` is an option, as of nice."""
    lenient: bool = False
    """Take an option that is not listed for a flag."""


class Options(msgspec.Struct, frozen=True):
    """What was read: where the operands begin, and the options with their values."""

    end: int
    """Index of the first operand; not above the number of words."""
    given: tuple[tuple[str, str], ...] = ()
    unknown: str = ""
    """The first option that is not in the grammar; nothing behind it was read."""

    def has(self, *names: str) -> bool:
        """Whether one of these options was given."""
        return any(name in names for name, _ in self.given)


def options(*names: str) -> frozenset[str]:
    """A set of options, written as words between spaces."""
    return frozenset(name for text in names for name in text.split())


def read(words: Sequence[str], grammar: Grammar, at: int = 1) -> Options:
    """Read the options of `words[0]`, beginning at the index `at`."""
    given: list[tuple[str, str]] = []
    count = len(words)
    while at < count:
        word = words[at]
        if word == "--":
            return Options(at + 1, tuple(given))
        if not word.startswith("-") or (word == "-" and word not in grammar.flags):
            break
        read_here = _one(word, words[at + 1] if at + 1 < count else "", grammar)
        if read_here is None:
            return Options(at, tuple(given), unknown=word)
        found, taken = read_here
        given += found
        at = min(at + taken, count)
        if found[-1][0] in grammar.last:
            break
    return Options(at, tuple(given))


def _one(word: str, following: str, grammar: Grammar) -> tuple[list[tuple[str, str]], int] | None:
    """The options in one word and how many words they take; None where one is not known."""
    name, equals, value = word.partition("=")
    if equals and (name in grammar.valued or name in grammar.flags):
        return [(name, value)], 1
    if word in grammar.valued:
        return [(word, following)], 2
    if word in grammar.flags or (grammar.numeric and _NUMBER.fullmatch(word)):
        return [(word, "")], 1
    found = None if word.startswith("--") else _cluster(word, following, grammar)
    if found is None and grammar.lenient:
        return [(word, "")], 1
    return found


def _cluster(
    word: str, following: str, grammar: Grammar
) -> tuple[list[tuple[str, str]], int] | None:
    """Short options in one word: `-gv`, `-e143`, `-iS text`."""
    found: list[tuple[str, str]] = []
    for index, letter in enumerate(word[1:], 2):
        option = f"-{letter}"
        if option in grammar.valued:
            rest = word[index:]
            return [*found, (option, rest or following)], 1 if rest else 2
        if option not in grammar.flags:
            return None
        found.append((option, ""))
    return found, 1
