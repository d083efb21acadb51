"""The argv that a container starts with: the image's words, the Pod's words, and its variables.

>>> show(("nginx", "-g", "daemon off;"))
'nginx -g "daemon off;"'
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHOWN = 160
"""Characters of an argv that a message quotes."""

ROOM = 131072
"""Characters that variables may add to one word: Linux starts no program with a longer one."""

_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_SPECIAL = frozenset('"$`\\!')
_REFERENCE = re.compile(r"\$(?:(\$)|\(([^)]*)\)|.)", re.DOTALL)
_ESCAPE = re.compile(r"\$(?:(\$)|.)", re.DOTALL)


class Unresolved(str):
    """A word that still has a `$(VAR)` in it whose value stands in no manifest."""

    __slots__ = ()


def effective(
    entrypoint: tuple[str, ...],
    cmd: tuple[str, ...],
    command: tuple[str, ...],
    args: tuple[str, ...],
    env: tuple[tuple[str, str], ...] = (),
) -> tuple[str, ...]:
    """What the runtime starts, as containerd and CRI-O merge image and Pod.

    `command` drops the image's Entrypoint and its Cmd; `args` alone drops the Cmd only. An empty
    list counts as unset, and so does the image's Entrypoint `[""]` (containerd, WithProcessArgs).
    Only the Pod's words are expanded: the kubelet never sees the image's. Words with a reference
    that `env` does not answer come back as `Unresolved`.
    """
    if command or args:
        variables = _values(env)
        command = tuple(expand(word, variables) for word in command)
        args = tuple(expand(word, variables) for word in args)
    if command:
        return command + args
    if entrypoint == ("",):
        entrypoint = ()
    return entrypoint + (args or cmd)


def expand(text: str, variables: Mapping[str, str], room: int = ROOM) -> str:
    """The text with `$(NAME)` replaced and `$$` made `$`, as the kubelet does.

    What has no value stays as it is written, and the result is `Unresolved` then; so does what
    would add more than `room` characters.
    """
    if "$" not in text:
        return text
    unanswered = False

    def replace(match: re.Match[str]) -> str:
        nonlocal unanswered, room
        escaped, name = match.groups()
        if escaped or name is None:
            return escaped or match[0]
        value = variables.get(name)
        if value is None or len(value) > room:
            unanswered = True
            return match[0]
        room -= len(value)
        unanswered = unanswered or isinstance(value, Unresolved)
        return value

    # No reference ends behind the last parenthesis: looking for one there, from every `$(`, would
    # take time that grows with the square of the text.
    end = text.rfind(")") + 1
    head = _REFERENCE.sub(replace, text[:end])
    expanded = head + _ESCAPE.sub(lambda match: match[1] or match[0], text[end:])
    return Unresolved(expanded) if unanswered else expanded


def _values(env: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Variables may refer to those before them; the last of one name wins.

    They share one allowance: each could double the one before it.
    """
    values: dict[str, str] = {}
    room = ROOM
    for name, value in env:
        values[name] = expand(value, values, room)
        room -= max(0, len(values[name]) - len(value))
    return values


def basename(word: str) -> str:
    """What follows the last slash of a program's name."""
    return word.rpartition("/")[2]


def show(argv: Sequence[str], limit: int = SHOWN) -> str:
    """The argv as one would type it in a shell: on one line, printable, cut at `limit`."""
    shown: list[str] = []
    length = 0
    for word in argv:
        # A word longer than the limit is cut before it is quoted: quoting costs by the character.
        shown.append(_quoted(word[: limit + 1]))
        length += len(shown[-1]) + 1
        if length > limit + 1:
            break
    return printable(" ".join(shown), limit)


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    if word and not _SPECIAL.intersection(word):
        return f'"{word}"'
    return shlex.quote(word)
