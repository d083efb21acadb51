"""What single commands do to the shell that runs them: `exec`, `set`, `trap` and others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Protocol

from msgspec.structs import replace

from webhook.core.argv import Unresolved, basename
from webhook.core.inside import End, Ending
from webhook.core.options import Grammar, options, read
from webhook.core.printable import printable
from webhook.layers.shell_words import State, is_mark, words_of

if TYPE_CHECKING:
    from webhook.layers.shell_tree import Node

_EXEC = Grammar(options("-c -l"), options("-a"))
MAX_WORDS = 64
MAX_TEXT = 1024
"""Words, and characters, of one `exec` that are told."""
_STOPS = re.compile(r"\b(?:SIG)?(?:TERM|QUIT|INT|HUP|USR1|USR2|WINCH|PWR)\b|\b(?:3|10|12|15|28)\b")
_SETS = frozenset(("read", "mapfile", "readarray", "getopts", "printf", "let", "wait"))
"""Commands that put what nobody knows into variables."""


class Walking(Protocol):
    """What commands need of the walk."""

    functions: dict[str, Node]

    def end(self, end: End) -> None: ...  # noqa: D102
    def untold(self, node: Node) -> None: ...  # noqa: D102
    def leave(self, states: frozenset[State]) -> None: ...  # noqa: D102
    def source(  # noqa: D102
        self, path: str, states: frozenset[State], node: Node
    ) -> frozenset[State]: ...
    def call(  # noqa: D102
        self, name: str, words: tuple[str, ...], state: State
    ) -> frozenset[State]: ...


class Commands:
    """Runs single commands on states."""

    SPECIAL: ClassVar[frozenset[str]] = frozenset(
        (
            *("exec", "exit", "set", "shift", "trap", ".", "source", "eval", "return", "break"),
            *("continue", "command", "builtin", "alias", "enable", "export", "unset", "local"),
        )
    )
    """Names that mean something here; a function of such a name would change what."""

    def __init__(self, walk: Walking) -> None:
        """Report to the walk."""
        self._walk = walk

    def command(
        self, node: Node, more: tuple[Node, ...], states: frozenset[State]
    ) -> frozenset[State]:
        """Run one simple command; `more` are words that stand behind a redirection."""
        out: frozenset[State] = frozenset()
        for state in states:
            out |= self._one(node, more, state)
        return out

    def assign(self, node: Node, states: frozenset[State]) -> frozenset[State]:
        """Set variables: `X=1`, `X=1 Y=2`, `export X=1`, `local X`."""
        assignments = [node] if node.type == "variable_assignment" else node.named_children
        if any(one.text in {"-n", "-gn", "-ng"} for one in assignments):
            self._walk.untold(node)  # another name of a variable
        for one in assignments:
            if one.type == "variable_assignment":
                states = frozenset(_assigned(one, state) for state in states)
        return states

    def _one(self, node: Node, more: tuple[Node, ...], state: State) -> frozenset[State]:
        same = frozenset((state,))
        words: list[str] = []
        for child in (*node.named_children, *more):
            if child.type == "command_name":
                words += words_of(child.named_children[0], state) if child.named_children else ()
            elif child.type == "variable_assignment" and not words:
                if child.text.startswith("PATH="):
                    state = replace(state, path_changed=True)
            elif not child.type.endswith("redirect"):
                words += words_of(child, state)
        while words and words[0] in {"command", "builtin"}:
            # `command -v` and its like only ask.
            if len(words) > 1 and words[1].startswith("-") and words[1] not in {"-p", "--"}:
                return same
            words = words[2:] if words[1:2] in (["--"], ["-p"]) else words[1:]
        if not words:
            return same
        return self._named(node, words, state, same)

    def _named(  # noqa: C901, PLR0912 - a table of all commands
        self, node: Node, words: list[str], state: State, same: frozenset[State]
    ) -> frozenset[State]:
        name = words[0]
        if isinstance(name, Unresolved) or is_mark(name):
            # A program, most likely; but it could be any word that means something to a shell.
            program = _literal_end(name) or (is_mark(name) and not self._walk.functions)
            if not program:
                self._walk.untold(node)
            return same
        if name in self._walk.functions:
            return self._walk.call(name, tuple(words[1:]), state)
        match name:
            case "exec":
                return self._exec(node, words, state, same)
            case "exit":
                return frozenset()
            case "return" | "break" | "continue":
                self._walk.leave(same)
                return frozenset()
            case "set":
                return self._set(words, state)
            case "shift":
                return self._shift(words, state)
            case "trap":
                return self._trap(node, words, state)
            case "." | "source":
                return self._source(node, words, same)
            case "eval" | "alias" | "enable" | "time" | "coproc":
                if name not in {"time", "coproc"} or "exec" in words:
                    self._walk.untold(node)
                return same
            case _ if name in _SETS:
                return frozenset((_forget(words, state),))
            case _:
                return same

    def _exec(
        self, node: Node, words: list[str], state: State, same: frozenset[State]
    ) -> frozenset[State]:
        argv = words[read(tuple(words), _EXEC, 1).end :]
        if not argv:
            return same  # only redirections
        above = node.parent
        whole = above if above is not None and above.type == "redirected_statement" else node
        line = printable(whole.text.partition("\n")[0].strip(), 120)
        sure = not isinstance(argv[0], Unresolved) or _literal_end(argv[0])
        if not sure or len(argv) > MAX_WORDS or sum(map(len, argv)) > MAX_TEXT:
            self._walk.end(End(Ending.UNTOLD, line=line))
            return frozenset()
        dynamic = tuple([at for at, word in enumerate(argv) if at and isinstance(word, Unresolved)])
        plain = tuple(str(word) for word in argv)
        self._walk.end(End(Ending.EXEC, plain, dynamic, path_changed=state.path_changed, line=line))
        return frozenset()

    def _set(self, words: list[str], state: State) -> frozenset[State]:
        if "--" in words:
            arguments = tuple(words[words.index("--") + 1 :])
        else:
            at = 1
            while at < len(words) and words[at][:1] in {"-", "+"} and len(words[at]) > 1:
                at += 1 + words[at][1:].count("o")
            if at >= len(words):
                return frozenset((state,))
            arguments = tuple(words[at:])
        return frozenset((replace(state, arguments=arguments),))

    def _shift(self, words: list[str], state: State) -> frozenset[State]:
        count = words[1] if len(words) > 1 else "1"
        if not count.isdigit() or int(count) > MAX_WORDS:
            return frozenset((replace(state, arguments=(Unresolved("$@"),)),))
        return frozenset((state.shifted(int(count)),))

    def _trap(self, node: Node, words: list[str], state: State) -> frozenset[State]:
        action = words[1] if len(words) > 1 else ""
        if "exec" in action or isinstance(action, Unresolved):
            self._walk.untold(node)
        if action in {"", "-"} or not _STOPS.search(" ".join(words[2:])):
            return frozenset((state,))
        return frozenset((replace(state, trap=printable(node.text, 120)),))

    def _source(self, node: Node, words: list[str], same: frozenset[State]) -> frozenset[State]:
        if len(words) < 2 or isinstance(words[1], Unresolved) or is_mark(words[1]):  # noqa: PLR2004
            self._walk.untold(node)
            return same
        return self._walk.source(words[1], same, node)


def _literal_end(word: str) -> bool:
    """Whether the name of a program is known although its folder is not: `$JAVA_HOME/bin/java`."""
    name = basename(word)
    return "/" in word and bool(name) and not any(mark in name for mark in '$`*?[{~"')


def _assigned(node: Node, state: State) -> State:
    name_node, value = node.first("name"), node.first("value")
    name = name_node.text if name_node is not None else ""
    if not name.isidentifier():
        # One element of an array.
        return state.with_value(name.partition("[")[0], None)
    appends = any(one.type == "+=" for one in node.children)
    words: tuple[str, ...] | None
    if value is None:
        words = ("",)
    elif value.type == "array":
        words = tuple(word for child in value.named_children for word in words_of(child, state))
    else:
        # No value is split into words where it is assigned.
        found = words_of(value, state)
        words = found if len(found) == 1 and not is_mark(found[0]) else None
    if appends:
        before = state.value(name)
        array = value is not None and value.type == "array"
        words = before + words if array and before is not None and words is not None else None
    if words is not None and len(words) > MAX_WORDS:
        words = None
    return state.with_value(name, words)


def _forget(words: list[str], state: State) -> State:
    for word in words[1:]:
        if word.isidentifier() and state.value(word) is not None:
            state = state.with_value(word, None)
    return state
