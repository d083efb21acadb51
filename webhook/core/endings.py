"""What a script becomes whose ends were read: the same on every way, or unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.argv import basename
from webhook.core.inside import Ending
from webhook.core.reactions import of_program
from webhook.core.standing import INITS, SEVERAL, SHELL_STAYS, UNSURE, Kind, Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.inside import End, Program


def ended(
    file: Program, words: tuple[str, ...], inside: Callable[[tuple[str, ...], End], Process | None]
) -> Process:
    """What a script becomes that was read.

    Args:
        file: the script.
        words: the argv that starts it.
        inside: what one end of that argv becomes; None where it starts itself again.
    """
    found: list[Process] = []
    for end in file.ends:
        process = _one(end, words, inside)
        if process is not None:
            found.append(process)
    if not found:
        return unread(words, "it starts itself again and again")
    unsure = next((one for one in found if one.kind in UNSURE), None)
    if unsure is not None:
        return unsure
    first = found[0]
    other = next((one for one in found if _sort(one) != _sort(first)), None)
    if other is not None:
        return unread(words, f"it becomes {first.name} or {other.name}, as the case may be")
    worst = next((one for one in found if one.kind in SHELL_STAYS), first)
    alike = all(of_program(one) == of_program(worst) for one in found)
    argv = worst.argv if alike else SEVERAL
    return replace(worst, argv=argv, through=worst.through or words[0])


def _one(
    end: End, words: tuple[str, ...], inside: Callable[[tuple[str, ...], End], Process | None]
) -> Process | None:
    if end.how is Ending.EXEC:
        return inside(words, end)
    if end.how is Ending.UNTOLD:
        return unread(words, end.line)
    note = f"the script {words[0]} does not end in `exec`: its shell stays"
    name = basename(words[0])
    return Process(kind=Kind.STAYS, name=name, word=words[0], reaps=True, hears=False, note=note)


def _sort(process: Process) -> tuple[bool, bool, bool]:
    """Answers of one sort are one answer, whichever way a script goes."""
    init = process.kind in INITS
    return init, process.kind is Kind.SERVER, init and process.hears is not True


def unread(words: tuple[str, ...], line: str) -> Process:
    """A script of which nobody can tell what it becomes; `line` says where."""
    return Process(kind=Kind.SCRIPT, name=basename(words[0]), word=words[0], note=line)
