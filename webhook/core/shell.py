"""What a shell does with its arguments, as far as can be told without running it.

>>> exec_argv("cd /srv && exec nginx -g 'daemon off;'")
('nginx', '-g', 'daemon off;')
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from webhook.core.argv import Unresolved, basename
from webhook.core.options import Grammar, options, read
from webhook.core.shelltext import CannotTell, Command, last_command

if TYPE_CHECKING:
    from collections.abc import Sequence

SHELLS = frozenset(
    ("sh", "bash", "ash", "dash", "ksh", "mksh", "zsh", "csh", "tcsh", "fish", "rbash", "yash")
)
POWERSHELLS = frozenset(("powershell", "pwsh", "cmd", "cmd.exe"))
"""Shells of Windows: their options are others, and so is their language."""

_EXEC = Grammar(options("-c -l"), options("-a"))
_NOT_THE_SHELL = {
    "|": "its `exec` is part of a pipe",
    "|&": "its `exec` is part of a pipe",
    "||": "its `exec` runs only if the command before it fails",
}
"""Operators in front of an `exec` that does not, or not always, replace the shell itself."""
_VALUED = frozenset(("--rcfile", "--init-file"))
_REFERENCE = re.compile(r"\$\([-._A-Za-z0-9]+\)", re.ASCII)
_ALL_ARGUMENTS = frozenset(("$@", "${@}", "$*", "${*}"))
_SUBSTITUTED = frozenset("$`")


class Text(msgspec.Struct, frozen=True):
    """`sh -c TEXT [ARGUMENTS…]`: the first argument is `$0`."""

    text: str
    arguments: tuple[str, ...] = ()


class File(msgspec.Struct, frozen=True):
    """`sh FILE [ARGUMENTS…]`."""

    words: tuple[str, ...]


class Interactive(msgspec.Struct, frozen=True):
    """A shell that reads its commands from standard input."""


def invocation(words: tuple[str, ...]) -> Text | File | Interactive:
    """What the shell `words[0]` runs (POSIX sh, and the options that bash adds)."""
    if basename(words[0]) in POWERSHELLS:
        return _powershell(words)
    at = 1
    from_text = from_input = False
    while at < len(words):
        word = words[at]
        if word in {"-", "--"}:
            at += 1
            break
        if len(word) < 2 or word[0] not in "-+":  # noqa: PLR2004 - a sign and a letter
            break
        at += 1
        if word.startswith("--"):
            at += word in _VALUED
            continue
        letters = word[1:]
        if word[0] == "-":
            from_text = from_text or "c" in letters
            from_input = from_input or "s" in letters
        # Each of these takes a word of its own, wherever it stands among the letters.
        at += letters.count("o") + letters.count("O")
    if from_text:
        return Text(words[at] if at < len(words) else "", words[at + 1 :])
    if from_input or at >= len(words):
        return Interactive()
    return File(words[at:])


def _powershell(words: tuple[str, ...]) -> Text | File | Interactive:
    given = [word.lower() for word in words[1:]]
    if any(word in {"-f", "-file"} or word.endswith(".ps1") for word in given):
        return File(words[1:])
    if any(word in {"-c", "-command", "/c", "/k"} for word in given):
        return Text("")
    return Interactive()


def exec_argv(text: str, arguments: Sequence[str] = ()) -> tuple[str, ...] | CannotTell:
    """The argv that takes the shell's place, if the last command of the text is `exec`.

    Anything else is `CannotTell`, and says why: whether a shell gives way to its last command
    without `exec` depends on which shell it is (bash and busybox do, Debian's dash does not), and
    the image config does not say which one /bin/sh is.
    """
    command = last_command(text)
    if isinstance(command, CannotTell):
        return command
    words = command.words
    at = command.start
    reference = _reference(text, command, at)
    if reference is not None:
        return reference
    if words[at : at + 1] != ("exec",):
        return CannotTell("its last command is not `exec`")
    if command.background or command.after in _NOT_THE_SHELL:
        return CannotTell(_NOT_THE_SHELL.get(command.after, "its `exec` runs in the background"))
    # bash: exec [-cl] [-a NAME] COMMAND
    at = read(words, _EXEC, at + 1).end
    return _reference(text, command, at) or _substituted(command, at, arguments)


def _reference(text: str, command: Command, at: int) -> tuple[str, ...] | None:
    """The word at `at` with a `$(VAR)` of the Pod in it, or None.

    The kubelet puts the value into the text before any shell reads it.
    """
    if not isinstance(text, Unresolved) or at >= len(command.words):
        return None
    word = command.words[at]
    found = at in command.dynamic and _REFERENCE.search(word)
    return (Unresolved(word),) if found else None


def _substituted(
    command: Command, at: int, arguments: Sequence[str]
) -> tuple[str, ...] | CannotTell:
    argv: list[str] = []
    for index in range(at, len(command.words)):
        word = command.words[index]
        if index in command.dynamic and word in _ALL_ARGUMENTS:
            argv += arguments[1:]
        elif index in command.dynamic and word in {"$0", "${0}"}:
            argv += arguments[:1]
        elif not argv and index in command.dynamic and _SUBSTITUTED & set(basename(word)):
            return CannotTell("what it starts with `exec` is known only when it runs")
        else:
            argv.append(word)
    return tuple(argv) if argv else CannotTell("its `exec` starts no program")
