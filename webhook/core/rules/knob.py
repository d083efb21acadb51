"""What a rule does about something that is not quite what it asks for."""

from __future__ import annotations

from enum import StrEnum


class Knob(StrEnum):
    """What the rule does about something that it would refuse, and that may be good enough."""

    ACCEPT = "accept"
    WARN = "warn"
    """The outcome stays what it is, and refuses nothing."""
    DENY = "deny"
