"""What the words of a shell command are, as far as can be told without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.argv import Unresolved
from webhook.core.inside import ALL

if TYPE_CHECKING:
    from webhook.layers.shell_tree import Node

_UNKNOWN = Unresolved("$?")
_MAX_TEXT = 2048
_LITERALS = frozenset(("word", "number", "string_content", "extglob_pattern", "regex"))


class State(msgspec.Struct, frozen=True):
    """What is known at one point of a script."""

    arguments: tuple[str, ...] = (ALL + "1}",)
    values: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    """Variables that were set: to these words, or (None) to what nobody knows. Sorted."""
    trap: str = ""
    """The line that handles the stop signal, if one does."""
    path_changed: bool = False

    def value(self, name: str) -> tuple[str, ...] | None:
        """The words of a variable; None where it is not known."""
        return next((words for one, words in self.values if one == name), None)

    def with_value(self, name: str, words: tuple[str, ...] | None) -> State:
        """After an assignment."""
        values = tuple(sorted([(name, words), *(one for one in self.values if one[0] != name)]))
        changed = self.path_changed or name == "PATH"
        return msgspec.structs.replace(self, values=values, path_changed=changed)

    def shifted(self, count: int) -> State:
        """After `shift COUNT`."""
        rest = list(self.arguments)
        for _ in range(count):
            if not rest:
                break
            if _is_rest(rest[0]):
                number = int(rest[0][len(ALL) : -1])
                rest[0] = f"{ALL}{number + 1}}}"
            else:
                del rest[0]
        return msgspec.structs.replace(self, arguments=tuple(rest))


def words_of(node: Node, state: State) -> tuple[str, ...]:
    """The words that one argument becomes; `Unresolved` where it is known only at run time."""
    kind = node.type
    if kind in {"simple_expansion", "expansion"}:
        return _expanded(node, state, quoted=False)
    if kind == "string":
        inner = node.named_children
        expands = len(inner) == 1 and inner[0].type in {"simple_expansion", "expansion"}
        # Blanks beside the expansion are no nodes of their own.
        if expands and len(node.text) == len(inner[0].text) + 2:
            return _expanded(inner[0], state, quoted=True)
    return (_one(node, state),)


def _one(node: Node, state: State) -> str:
    """An argument that is one word."""
    text = node.text
    if len(text) > _MAX_TEXT:
        return _UNKNOWN
    match node.type:
        case "raw_string":
            plain = text[1:-1]
            # What looks like one of our own marks is no argument of the script.
            return Unresolved(plain) if plain.startswith(("${", "$0")) else plain
        case "ansi_c_string" | "translated_string":
            return Unresolved(text)
        case "string":
            return _string(node, state)
        case "concatenation":
            parts = [_one(child, state) for child in node.named_children]
            whole = "".join(parts)
            return Unresolved(whole) if any(map(_unsure, parts)) else whole
        case "simple_expansion" | "expansion":
            words = _expanded(node, state, quoted=True)
            known = len(words) == 1 and not is_mark(words[0])
            return words[0] if known else Unresolved(text)
        case kind if kind in _LITERALS:
            return _unescaped(text)
        case _:
            return Unresolved(text)


def _unescaped(text: str) -> str:
    plain = text.replace("\\\n", "")
    if any(mark in plain for mark in "*?[{~"):
        # Names of files, or several words: the shell decides when it runs.
        return Unresolved(plain) if not plain.startswith(("[", "{}")) else plain
    return plain.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")


def _string(node: Node, state: State) -> str:
    text = node.text[1:-1]
    if not node.named_children:
        return text
    parts: list[str] = []
    body = node.source[node.begin : node.end]
    at = node.begin + 1
    unsure = False
    for child in node.named_children:
        parts.append(body[at - node.begin : child.begin - node.begin].decode(errors="replace"))
        if child.type == "string_content":
            parts.append(child.text.replace('\\"', '"').replace("\\$", "$").replace("\\\\", "\\"))
        else:
            part = _one(child, state)
            unsure = unsure or _unsure(part)
            parts.append(part)
        at = child.end
    parts.append(body[at - node.begin : -1].decode(errors="replace"))
    whole = "".join(parts)
    return Unresolved(whole) if unsure else whole


def _unsure(word: str) -> bool:
    return isinstance(word, Unresolved) or is_mark(word)


def is_mark(word: str) -> bool:
    """Whether a word stands for arguments of the script."""
    return word.startswith("${") and (word.startswith(ALL) or word[2:-1].isdigit())


def _is_rest(word: str) -> bool:
    return word.startswith(ALL)


def _expanded(  # noqa: C901 - a table of all expansions
    node: Node, state: State, *, quoted: bool
) -> tuple[str, ...]:
    text = node.text
    bare = text[2:-1] if text.startswith("${") else text[1:]
    if bare in {"@", "*"}:
        # "$*" is one word, whatever the arguments are.
        return (Unresolved(text),) if bare == "*" and quoted else state.arguments
    if bare in {'1+"$@"', '@+"$@"', "1+$@"}:
        return state.arguments
    if bare == "0":
        return ("$0",)
    if bare.startswith("@:") and bare[2:].isdigit() and int(bare[2:]) > 0:
        return state.shifted(int(bare[2:]) - 1).arguments
    if bare.isdigit():
        return _argument(int(bare), state, text)
    name, bracket, index = bare.partition("[")
    words = state.value(name)
    if words is None or (bracket and index not in {"@]", "*]"}):
        return (Unresolved(text),)
    if bracket:
        return words if index == "@]" or not quoted else (Unresolved(text),)
    if not words:
        return ("",) if quoted else ()
    if quoted or isinstance(words[0], Unresolved):
        return words[:1]
    if state.value("IFS") is not None or any(mark in words[0] for mark in "*?["):
        return (Unresolved(text),)
    return tuple(words[0].split())


def _argument(number: int, state: State, text: str) -> tuple[str, ...]:
    rest = state.shifted(number - 1).arguments
    if not rest:
        return ("",)
    if not _is_rest(rest[0]):
        return rest[:1]
    return (f"${{{rest[0][len(ALL) :]}",) if len(rest) == 1 else (Unresolved(text),)


UNKNOWN_ARGUMENTS = (_UNKNOWN,)


def blurred(after: State, before: frozenset[State]) -> State:
    """A state behind one turn of a loop, without what differs from all states in front of it."""
    known = {one.values for one in before}
    for name, words in after.values:
        if words is not None and not all((name, words) in values for values in known):
            after = after.with_value(name, None)
    if all(one.arguments != after.arguments for one in before):
        after = State(UNKNOWN_ARGUMENTS, after.values, after.trap, after.path_changed)
    return after
