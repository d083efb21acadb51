"""The last command of a shell's text, by the token rules of POSIX (XCU 2.3), without running it."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

MAX_TEXT = 16384
"""Characters of a text that are read; in a longer one nothing can be told."""
MAX_TOKENS = 1024
"""Words and operators that are read: each takes microseconds, and reviews wait meanwhile. A Pod can
carry two hundred texts of `1>1>1>…`, which have sixteen thousand."""

_SKIPPED = re.compile(r"(?:[ \t]+|\\\n|(?<![^ \t\n;&|()<>])#[^\n]*)+")
_REDIRECTION = re.compile(r"[0-9]*(?:<<<|<<-?|<>|<&|>>|>&|>\||<|>)|&>>?")
_OPERATOR = re.compile(r"(?:&&|\|\||\|&|;;&?|;&|[;&|()\n])")
_PLAIN = re.compile(r"[^ \t\n'\"\\$`;&|()<>]+")
_WHOLE = re.compile(r"[^ \t\n'\"\\$`;&|()<>]+(?=[ \t\n;&|()]|\Z)")
_IN_QUOTES = re.compile(r'[^"\\$`]+')
_PARAMETER = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])?", re.ASCII)
_IN_NESTED = re.compile(r"[^'\"\\$`(){}]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=", re.ASCII)
_OPENS = frozenset(("if", "case", "for", "while", "until", "select", "{"))
_BEFORE_A_COMMAND = frozenset(("if", "while", "until", "{", "then", "else", "elif", "do", "!"))
_CLOSES = frozenset(("fi", "esac", "done", "}"))
_NOT_THE_SHELL = frozenset(("|", "|&", "&&", "||"))
_CONTINUES = frozenset(("&&", "||", "|", "|&", "("))
_CLOSERS = {"(": ")", "{": "}", "`": "`", '"': '"'}


class CannotTell(msgspec.Struct, frozen=True):
    """It does not show what takes the place of PID 1; `why` is a clause for people."""

    why: str


class Command(msgspec.Struct, frozen=True):
    """One simple command, its quotes and redirections removed."""

    words: tuple[str, ...]
    dynamic: frozenset[int] = frozenset()
    """Indexes of the words in which the shell replaces something."""
    after: str = ""
    """The operator in front of it: `&&`, `||`, `|`, `;`, a newline; empty for the first."""
    background: bool = False

    @property
    def start(self) -> int:
        """Index of its name, behind the assignments; the number of words where there is none."""
        for at, word in enumerate(self.words):
            if not _ASSIGNMENT.match(word):
                return at
        return len(self.words)


class _Word(msgspec.Struct):
    value: str
    dynamic: bool
    end: int


_EMPTY = Command(())
# A group is no simple command, whatever its last one is.
_GROUP = Command((")",))
_UNFINISHED = CannotTell("a quote or a parenthesis in its text is not closed")
_HERE_DOCUMENT = CannotTell("its text holds a here-document")


class _Reader:
    """What was read of a text so far: whole commands go by, the last one stays."""

    __slots__ = ("after", "at", "depth", "dynamic", "groups", "last", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.last = _EMPTY
        self.depth = 0
        self.groups = 0
        self.after = ""
        self.words: list[str] = []
        self.dynamic: list[int] = []

    def token(self) -> CannotTell | None:
        """Read one token; the reason where nothing can be told behind it."""
        whole = _WHOLE.match(self.text, self.at)
        if whole:
            # Most words have nothing special in them.
            self.words.append(whole[0])
            self.at = whole.end()
            return None
        redirection = _REDIRECTION.match(self.text, self.at)
        if redirection:
            if redirection[0].lstrip("0123456789") in {"<<", "<<-"}:
                return _HERE_DOCUMENT
            self.at = _end(_SKIPPED, self.text, redirection.end())
            target = _word(self.text, self.at)
            if target is None:
                return _UNFINISHED
            self.at = target.end
            return None
        operator = _OPERATOR.match(self.text, self.at)
        if operator:
            self.at = operator.end()
            self._operator(operator[0])
            return None
        word = _word(self.text, self.at)
        if word is None:
            return _UNFINISHED
        if word.dynamic:
            self.dynamic.append(len(self.words))
        self.words.append(word.value)
        self.at = word.end
        return None

    def _operator(self, operator: str) -> None:
        if self.words:
            self.last = self.command(background=operator == "&")
            if self._takes_over(operator):
                # Nothing behind it will ever run.
                self.at, operator = len(self.text), ""
            self.words, self.dynamic = [], []
            self.after = operator
        elif operator != "\n":
            # An operator may be followed by newlines, and is still in front of the next command.
            self.after = operator
        if operator == "(":
            self.groups += 1
        elif operator == ")":
            self.groups = max(0, self.groups - 1)
            self.last = _GROUP

    def _takes_over(self, operator: str) -> bool:
        """Whether the command is an `exec` that runs in any case, and in this shell."""
        for word in self.words:
            self.depth += (word in _OPENS) - (word in _CLOSES)
            if word not in _BEFORE_A_COMMAND:
                break
        start = self.last.start
        return (
            self.words[start : start + 1] == ["exec"]
            and len(self.words) > start + 1
            and not self.groups
            and not self.depth
            and self.after not in _NOT_THE_SHELL
            and operator not in {"&", "|", "|&", "(", ")"}
        )

    def command(self, *, background: bool = False) -> Command:
        return Command(tuple(self.words), frozenset(self.dynamic), self.after, background)


# The rule and its words for a refusal ask about the same text.
@lru_cache(maxsize=64)
def last_command(text: str) -> Command | CannotTell:
    """The command that the text ends with; a closing `fi`, `}` or `)` counts as one."""
    if len(text) > MAX_TEXT:
        return CannotTell(f"its text has more than {MAX_TEXT} characters")
    if "exec" not in text and "$(" not in text:
        # Nobody asks more of a text without `exec` in it, and most are.
        return _EMPTY
    reader = _Reader(text)
    for _ in range(MAX_TOKENS + 1):
        reader.at = _end(_SKIPPED, text, reader.at)
        if reader.at >= len(text):
            break
        problem = reader.token()
        if problem is not None:
            return problem
    else:
        return CannotTell(f"its text has more than {MAX_TOKENS} words")
    if reader.words:
        return reader.command()
    if reader.after in _CONTINUES:
        return CannotTell(f"its text ends in `{reader.after}`")
    return reader.last


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _word(text: str, at: int) -> _Word | None:
    """The word that begins at `at`, maybe empty; None where a quote in it is not closed."""
    parts: list[str] = []
    dynamic = False
    while at < len(text):
        plain = _PLAIN.match(text, at)
        if plain:
            parts.append(plain[0])
            at = plain.end()
            continue
        char = text[at]
        if char == "'":
            end = text.find("'", at + 1)
            if end < 0:
                return None
            parts.append(text[at + 1 : end])
            at = end + 1
        elif char == '"':
            quoted = _quoted(text, at)
            if quoted is None:
                return None
            parts.append(quoted.value)
            dynamic = dynamic or quoted.dynamic
            at = quoted.end
        elif char == "\\":
            # A backslash at the very end stands for itself.
            parts.append(text[at + 1 : at + 2].strip("\n") if at + 1 < len(text) else char)
            at += 2
        elif char in "$`":
            end = _expansion(text, at)
            if end < 0:
                return None
            parts.append(text[at:end])
            dynamic = True
            at = end
        else:
            break
    return _Word("".join(parts), dynamic, min(at, len(text)))


def _quoted(text: str, at: int) -> _Word | None:
    """The content of double quotes that open at `at`."""
    parts: list[str] = []
    dynamic = False
    at += 1
    while at < len(text):
        plain = _IN_QUOTES.match(text, at)
        if plain:
            parts.append(plain[0])
            at = plain.end()
        elif text[at] == '"':
            return _Word("".join(parts), dynamic, at + 1)
        elif text[at] == "\\":
            following = text[at + 1 : at + 2]
            parts.append(following.strip("\n") if following in '$`"\\\n' else f"\\{following}")
            at += 2
        else:
            end = _expansion(text, at)
            if end < 0:
                return None
            parts.append(text[at:end])
            dynamic = True
            at = end
    return None


def _expansion(text: str, at: int) -> int:
    """Where the `$…` or the backquotes at `at` end; -1 where they do not.

    `$'…'` means different things to bash and to dash: it counts as not closed.
    """
    if text[at] == "$" and text[at + 1 : at + 2] not in {"(", "{"}:
        return -1 if text[at + 1 : at + 2] == "'" else _end(_PARAMETER, text, at)
    opener = at if text[at] == "`" else at + 1
    open_until = [_CLOSERS[text[opener]]]
    at = opener + 1
    while open_until and at < len(text):
        until = open_until[-1]
        char = text[at]
        if char == until:
            open_until.pop()
        elif char == "\\":
            at += 1
        elif until == "`":
            pass
        elif char == "'" and until != '"':
            at = text.find("'", at + 1)
            if at < 0:
                return -1
        elif char in '"`' or (char == "(" and until == ")"):
            open_until.append(_CLOSERS[char])
        elif char == "$" and text[at + 1 : at + 2] in {"(", "{"}:
            at += 1
            open_until.append(_CLOSERS[text[at]])
        else:
            at = max(at, _end(_IN_NESTED, text, at) - 1)
        at += 1
    return -1 if open_until else at
