"""How a shell script ends, on every way through it that can be told without running it.

A script is walked as a shell would run it, every condition taken both ways. What the walk does not
understand makes an end that is `untold`, with the line: never a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.inside import End, Ending
from webhook.layers.shell_commands import Commands
from webhook.layers.shell_tree import ERROR, apart, behind_redirects, line_of, split_at, tree_of
from webhook.layers.shell_words import State, blurred

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webhook.layers.shell_tree import Node, Parse

MAX_STATES = 24
"""Ways through a script that are told apart."""
MAX_ENDS = 12
MAX_STEPS = 20_000
"""Statements that are walked, each time they are."""
_MAX_DEPTH = 12
"""Functions and files within each other."""

_QUIET = frozenset(
    (
        *("comment", "test_command", "unset_command", "heredoc_body", "word", "string"),
        *("command_name", "number", "variable_name"),
    )
)
_LOOPS = frozenset(("while_statement", "for_statement", "c_style_for_statement"))


def ends_of(text: str, read: Callable[[str], str | None], parse: Parse = apart) -> tuple[End, ...]:
    """All ways in which a script of a POSIX shell or bash ends.

    A way that ends in `exit` is none: the container ends with it.

    Args:
        text: of the whole script.
        read: the text of another script of the image by its path, or None; for `. FILE`.
        parse: parses a script; by default in another process.
    """
    walk = Walk(read, parse)
    states = walk.file(text, frozenset((State(),)))
    for state in states:
        # The shell read to the end of the file: it was in front of all it started.
        if state.trap:
            walk.end(End(Ending.UNTOLD, line=state.trap))
        else:
            walk.end(End(Ending.STAYS, line=walk.last))
    return tuple(walk.ends) or (End(Ending.UNTOLD, line="every way through it ends in exit"),)


class TooMuchError(Exception):
    """The script is beyond the bounds."""


class Walk:
    """One walk through one script and the files that it reads."""

    def __init__(self, read: Callable[[str], str | None], parse: Parse) -> None:
        """Read further files by `read`, and parse them by `parse`."""
        self.ends: dict[End, None] = {}
        self.last = ""
        """The line of the last command of the file, quoted."""
        self._read = read
        self._commands = Commands(self)
        self.functions: dict[str, Node] = {}
        self._parse = parse
        self._steps = 0
        self._depth = 0
        self._left: list[set[State]] = []
        """States that left a loop or function early, for each that surrounds."""

    def end(self, end: End) -> None:
        """Note one end."""
        if len(self.ends) < MAX_ENDS:
            self.ends[end] = None
        else:
            self.ends[End(Ending.UNTOLD, line="it has too many ends to tell")] = None

    def untold(self, node: Node) -> None:
        """Note that nobody can tell what this statement does."""
        self.end(End(Ending.UNTOLD, line=line_of(node)))

    def file(self, text: str, states: frozenset[State]) -> frozenset[State]:
        """Walk a whole file."""
        root = tree_of(text, self._parse)
        if root is None:
            self.end(End(Ending.UNTOLD, line="it cannot be parsed"))
            return frozenset()
        if root.type == ERROR:
            self.end(End(Ending.UNTOLD, line=line_of(root)))
            return frozenset()
        try:
            return self.within(lambda: self.run(root.children, states))
        except (TooMuchError, RecursionError):
            self.end(End(Ending.UNTOLD, line="it is too long to be walked through"))
            return frozenset()

    def within(self, walk: Callable[[], frozenset[State]]) -> frozenset[State]:
        """Walk something that can be left early: a loop, a function, a file."""
        if self._depth >= _MAX_DEPTH * 4:
            raise TooMuchError
        self._depth += 1
        self._left.append(set())
        try:
            through = walk()
        finally:
            self._depth -= 1
            left = self._left.pop()
        return _bounded(through | left)

    def leave(self, states: frozenset[State]) -> None:
        """These states leave what surrounds them early."""
        self._left[-1] |= states

    def source(self, path: str, states: frozenset[State], node: Node) -> frozenset[State]:
        """Walk another file in the same shell."""
        text = self._read(path)
        if text is None:
            self.untold(node)
            return states
        return self.file(text, states)

    def call(self, name: str, words: tuple[str, ...], state: State) -> frozenset[State]:
        """Walk a function, with arguments of its own."""
        body = self.functions[name]
        inner = State(words, state.values, state.trap, state.path_changed)
        through = self.within(lambda: self.run([body], frozenset((inner,))))
        return frozenset(
            State(state.arguments, one.values, one.trap, one.path_changed) for one in through
        )

    # ------------------------------------------------------------------ statements

    def run(self, nodes: Sequence[Node], states: frozenset[State]) -> frozenset[State]:
        """Walk statements one after the other; the states that come out behind the last."""
        for at, node in enumerate(nodes):
            if not states:
                return states
            if not node.named:
                continue
            if at + 1 < len(nodes) and nodes[at + 1].type == "&":
                continue  # in the background: a process of its own
            states = _bounded(self._statement(node, states))
        return states

    def _statement(  # noqa: C901, PLR0912 - a table of all statements
        self, node: Node, states: frozenset[State]
    ) -> frozenset[State]:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooMuchError
        if node.type not in _QUIET and node.type != "function_definition":
            self.last = line_of(node)
        match node.type:
            case "command":
                return self._commands.command(node, (), states)
            case "redirected_statement":
                return self._redirected(node, states)
            case "negated_command" | "compound_statement" | "program":
                return self.run(node.children, states)
            case "list":
                return self._list(node, states)
            case "if_statement":
                return self._if(node, states)
            case "case_statement":
                return self._case(node, states)
            case kind if kind in _LOOPS:
                return self._loop(node, states)
            case "function_definition":
                return self._function(node, states)
            case "variable_assignment" | "variable_assignments" | "declaration_command":
                return self._commands.assign(node, states)
            case "subshell" | "pipeline":
                return states  # processes of their own; the shell waits for them
            case kind if kind in _QUIET:
                return states
            case _:
                self.untold(node)
                return states

    def _redirected(self, node: Node, states: frozenset[State]) -> frozenset[State]:
        body = node.first("body")
        if body is None:
            return states
        if body.type == "command":
            return self._commands.command(body, behind_redirects(node), states)
        return self._statement(body, states)

    def _list(self, node: Node, states: frozenset[State]) -> frozenset[State]:
        good, failed = self._tested(node, states)
        return good | failed

    def _tested(
        self, node: Node, states: frozenset[State]
    ) -> tuple[frozenset[State], frozenset[State]]:
        """The states behind a command that succeeds, and those behind one that fails.

        `A && B`, `A || B`: whether B runs is up to A.
        """
        if not states:
            return states, states
        if node.type != "list":
            through = self._statement(node, states)
            nothing: frozenset[State] = frozenset()
            match node.text:
                case "true" | ":":
                    return through, nothing
                case "false":
                    return nothing, through
                case _:
                    return through, through
        left, *_, right = node.named_children
        good, failed = self._tested(left, states)
        if any(one.type == "&&" for one in node.children):
            good, failed_right = self._tested(right, good)
            return good, failed | failed_right
        good_right, failed = self._tested(right, failed)
        return good | good_right, failed

    def _if(self, node: Node, states: frozenset[State]) -> frozenset[State]:
        condition, body = split_at(node, "then")
        states = self.run(condition, states)
        out = self.run(
            [one for one in body if one.type not in {"elif_clause", "else_clause"}], states
        )
        for clause in body:
            if clause.type == "elif_clause":
                tested, then = split_at(clause, "then")
                states = self.run(tested, states)
                out |= self.run(then, states)
            elif clause.type == "else_clause":
                return out | self.run(clause.children, states)
        return out | states

    def _case(self, node: Node, states: frozenset[State]) -> frozenset[State]:
        out: frozenset[State] = frozenset()
        passed: frozenset[State] = frozenset()
        default = False
        for item in node.named_children:
            if item.type != "case_item":
                continue
            patterns, body = split_at(item, ")")
            default = default or any(one.text == "*" for one in patterns)
            through = self.run(body, states | passed)
            goes_on = any(one.type in {";&", ";;&"} for one in item.children)
            passed = through if goes_on else frozenset()
            out |= through
        return out if default else out | states

    def _loop(self, node: Node, states: frozenset[State]) -> frozenset[State]:
        """A loop: its body runs once, many times, or not at all."""
        body = node.first("body")
        conditions = node.all("condition")
        for_name = node.first("variable")
        states = self.run(conditions, states)
        if for_name is not None:
            name = for_name.text
            states = frozenset(one.with_value(name, None) for one in states)
        once = self.within(lambda: self.run(body.children if body else (), states))
        # What changes from one turn to the next is known no more, and the ends are those of a
        # turn in which nothing of it was known.
        known = frozenset(blurred(one, states) for one in once)
        if known - states:
            self.within(lambda: self.run(body.children if body else (), known))
        endless = node.type == "while_statement" and [
            one.text for one in conditions if one.named
        ] in (
            ["true"],
            [":"],
        )
        if endless and "break" not in node.text and "return" not in node.text:
            for state in states:
                end = End(Ending.UNTOLD, line=state.trap) if state.trap else None
                self.end(end or End(Ending.STAYS, line=line_of(node)))
            return frozenset()
        return states | known

    def _function(self, node: Node, states: frozenset[State]) -> frozenset[State]:
        name, body = node.first("name"), node.first("body")
        if name is None or body is None or name.text in Commands.SPECIAL:
            self.untold(node)
        else:
            self.functions[name.text] = body
        return states


def _bounded(states: frozenset[State]) -> frozenset[State]:
    if len(states) > MAX_STATES:
        raise TooMuchError
    return states
