"""The rows of the table: every text once, as thousands of owners run hundreds of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Unknown
from webhook.core.printable import printable
from webhook.core.verdict import Outcome
from webhook.reports.html.running import ImageCard, card_of
from webhook.reports.html.standing import ORDER, Standing, standing_of, standing_of_finding
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from webhook.core.verdict import Finding
    from webhook.reports.audited import Audited, RunningImage

MAX_PLACES = 64
"""Of one owner that are listed: a Pod can name thousands of images."""
MAX_TEXT = 12 * 1024 * 1024
"""Characters of all rows together; owners beyond it are counted, and not listed."""
_OWNER_COST = 200
_MAX_RUNNING = 8


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bad finding, printable."""

    rule: str
    standing: str
    css: str
    message: str
    fix: str = ""
    policy: str = ""


class Spot(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place of an owner where an image is named; numbers point into `Rows`."""

    place: str
    """`container "app"`; empty for the owner as a whole."""
    image: int | None = None
    notes: tuple[int, ...] = ()
    passes: tuple[str, ...] = ()
    """Names of the checks that it passes."""
    running: tuple[str, ...] = ()
    """Digests that nodes run there, where they are not the one that the name means."""


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One owner."""

    kind: str
    namespace: str
    name: str
    pods: int
    standing: str
    css: str
    rules: tuple[str, ...] = ()
    """Names of the checks that it does not pass."""
    spots: tuple[Spot, ...] = ()
    more: int = 0
    """Places that are not listed."""


class Rows(msgspec.Struct, frozen=True):
    """All that the table shows, the worst owners first."""

    images: tuple[ImageCard, ...]
    notes: tuple[Note, ...]
    owners: tuple[Row, ...]
    left_out: int = 0
    """Owners for which there was no room."""


def rows_of(audited: Iterable[Audited], taken: datetime, room: int = MAX_TEXT) -> Rows:
    """Make rows for as many owners as there is room for, the worst first.

    Args:
        audited: in any order.
        taken: when they were audited.
        room: characters.
    """
    ranked = [(standing_of(one.verdict), one) for one in audited]
    ranked.sort(key=lambda each: ORDER.index(each[0]))  # keeps the order of those that are equal
    gathered = _Gathered(taken, room)
    owners: list[Row] = []
    for standing, one in ranked:
        row = gathered.row(one, standing)
        if gathered.room < 0:
            break
        owners.append(row)
    return Rows(
        images=tuple(gathered.images),
        notes=tuple(gathered.notes),
        owners=tuple(owners),
        left_out=len(ranked) - len(owners),
    )


class _Gathered:
    """Texts that were met, each with its number."""

    def __init__(self, taken: datetime, room: int) -> None:
        self.room = room
        self.images: dict[ImageCard, int] = {}
        self.notes: dict[Note, int] = {}
        self._taken = taken
        self._cards: dict[tuple[object, ...], int] = {}
        self._rules: list[str] = []

    def row(self, one: Audited, standing: Standing) -> Row:
        """The row of one owner."""
        bad: dict[str, list[Finding]] = {}
        good: dict[str, list[str]] = {}
        for finding in one.verdict.findings:
            if finding.bad:
                bad.setdefault(finding.pointer, []).append(finding)
            elif finding.outcome is Outcome.PASS:
                good.setdefault(finding.pointer, []).append(finding.rule)
        known = {running.use.pointer for running in one.images}
        spots = [
            self._spot(running, bad.get(running.use.pointer, ()), good.get(running.use.pointer, ()))
            for running in one.images[:MAX_PLACES]
        ]
        # About the owner as a whole, or about a place of which nothing else was told.
        rest = [pointer for pointer in bad if pointer not in known]
        spots += [self._bare(bad[pointer]) for pointer in rest[:MAX_PLACES]]
        row = Row(
            kind=self._text(one.owner.kind),
            namespace=self._text(one.owner.namespace),
            name=self._text(one.owner.name),
            pods=one.pods,
            standing=standing.value,
            css=standing.css,
            rules=tuple(dict.fromkeys(self._rules[each] for spot in spots for each in spot.notes)),
            spots=tuple(spots),
            more=len(one.images) + len(rest) - len(spots),
        )
        self.room -= _OWNER_COST
        return row

    def _spot(self, running: RunningImage, bad: Sequence[Finding], passes: Sequence[str]) -> Spot:
        image = self._card(running)
        others = [one for one in running.running if one != running.digest]
        return Spot(
            place=self._text(place(running.use.role, running.use.container)),
            image=image,
            notes=tuple(self._note(finding) for finding in bad),
            passes=tuple(dict.fromkeys(self._text(rule) for rule in passes)),
            running=tuple(self._text(one) for one in others[:_MAX_RUNNING]),
        )

    def _bare(self, bad: Sequence[Finding]) -> Spot:
        return Spot(
            place=self._text(place(bad[0].role, bad[0].container)),
            notes=tuple(self._note(finding) for finding in bad),
        )

    def _card(self, running: RunningImage) -> int:
        use = running.use
        # Cards take a while to make, and the same image runs in a hundred places.
        facts = running.facts
        said = facts if isinstance(facts, Unknown) else (facts.digest, facts.platforms)
        key = (
            use.image, use.role, use.command, use.args, use.env,
            running.digest, running.environment, said,
        )  # fmt: skip
        number = self._cards.get(key)
        if number is None:
            card = card_of(running, self._taken)
            number = self._cards[key] = self.images.setdefault(card, len(self.images))
            self.room -= sum(len(text) for text in msgspec.structs.astuple(card))
        return number

    def _note(self, finding: Finding) -> int:
        standing = standing_of_finding(finding)
        message = printable(finding.message, MAX_SENTENCE)
        if finding.outcome is Outcome.UNKNOWN:
            message = f"could not be checked ({finding.reason}): {message}"
        note = Note(
            rule=printable(finding.rule, MAX_NAME),
            standing=standing.value,
            css=standing.css,
            message=message,
            fix=printable(finding.fix, MAX_SENTENCE),
            policy=printable(finding.policy, MAX_NAME),
        )
        number = self.notes.get(note)
        if number is None:
            number = self.notes[note] = len(self.notes)
            self._rules.append(note.rule)
            self.room -= len(note.message) + len(note.fix) + len(note.policy)
        return number

    def _text(self, text: str) -> str:
        shown = printable(text, MAX_NAME)
        self.room -= len(shown)
        return shown


def as_data(rows: Rows) -> Mapping[str, object]:
    """As plain data, for the script."""
    data: Mapping[str, object] = msgspec.to_builtins(rows)
    return data
