"""What became of unit tests of policies: the values that their renderers are given."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    """A verdict is not as expected."""
    ERROR = "error"
    """It tested nothing: something cannot be read, or there is nothing to judge."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """One test, or a document of which no test could be run."""

    suite: str
    """Name of the `PolicyTest`; empty where it cannot be read."""
    name: str
    """Empty where it is about the document as a whole."""
    file: str
    line: int
    """From 1; 0 where it is not known."""
    status: Status
    objects: int = 0
    """That were judged."""
    problems: tuple[str, ...] = ()
    """A sentence each; none, if and only if it passed."""
    findings: tuple[str, ...] = ()
    """What the verdicts say, a line each: for whoever wants to know why."""

    @property
    def title(self) -> str:
        """`suite: name`, as far as there are any."""
        return ": ".join(part for part in (self.suite, self.name) if part)


class TrialRun(msgspec.Struct, frozen=True):
    """Everything that one `cocket test` ran, in the order of the files."""

    ended: tuple[Ended, ...]
    version: str = ""
    """Of the Cocket that judged."""

    def count(self, status: Status) -> int:
        """How many ended so."""
        return sum(one.status is status for one in self.ended)
