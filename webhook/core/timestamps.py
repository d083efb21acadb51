"""When something was built: RFC 3339 as labels carry it, read strictly.

>>> str(parse_moment("2026-11-20T09:00:00+01:00"))
'2026-11-20T08:00:00Z'
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec

FIRST_BELIEVABLE = datetime(1970, 1, 2, tzinfo=UTC)
"""Year 1 is Go's zero time, 1970-01-01 is the zero of `SOURCE_DATE_EPOCH`: nobody built then."""

_MAX_TEXT = 64
"""Characters; RFC 3339 with nanoseconds and an offset has 35."""
_LEAP_SECOND = 60

# RFC 3339 section 5.6; `T` and `Z` in either case, as its ABNF has it. The seconds are optional
# here, and only `minutes=True` accepts a text without them.
_PATTERN = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))",
    re.ASCII | re.IGNORECASE,
)


class Moment(msgspec.Struct, frozen=True):
    """A point in time, as exactly as it was written."""

    at: datetime
    """Aware, UTC."""
    to_the_minute: bool = False
    """True when the text had no seconds."""

    def agrees(self, other: Moment) -> bool:
        """Whether both are the same second, or the same minute where one has no seconds."""
        one, two = self.at.replace(microsecond=0), other.at.replace(microsecond=0)
        if self.to_the_minute or other.to_the_minute:
            return one.replace(second=0) == two.replace(second=0)
        return one == two

    def __str__(self) -> str:
        """RFC 3339 in UTC, without fractions of a second."""
        return self.at.strftime("%Y-%m-%dT%H:%MZ" if self.to_the_minute else "%Y-%m-%dT%H:%M:%SZ")


def parse_moment(text: str, *, minutes: bool = False) -> Moment | None:
    """Read a date and time; None where it is no RFC 3339, or a date that no calendar has.

    A leap second is accepted where one can be: in the last minute of a month, in UTC
    (RFC 3339 section 5.7). It becomes the first second of the next month.

    Args:
        text: as written, without blanks around it.
        minutes: accept also the form without seconds, `2026-11-20T08:00Z`.
    """
    found = _PATTERN.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, mins = found.groups()
    if second is None and not minutes:
        return None
    leap = second is not None and int(second) == _LEAP_SECOND
    try:
        at = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            59 if leap else int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(sign, hours, mins),
        ).astimezone(UTC)
        if leap:
            at = at.replace(microsecond=0) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None
    if leap and (at.day, at.hour, at.minute) != (1, 0, 0):
        return None
    return Moment(at, to_the_minute=second is None)


def _zone(sign: str | None, hours: str, minutes: str) -> timezone:
    """The offset as a zone.

    Raises:
        ValueError: it has 24 hours or 60 minutes, which `timezone` itself would partly accept.
    """
    if sign is None:
        return UTC
    if int(minutes) >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(minutes)
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)
