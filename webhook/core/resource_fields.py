"""Strict reading of fields: what nobody asked for, and what has the wrong type, is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from webhook.core.document import Document, path_text, pointer_of
from webhook.core.printable import printable
from webhook.core.shape_errors import described
from webhook.errors import InvalidPolicyError

Word = TypeVar("Word", bound=StrEnum)

_MAX_TEXT = 4096
"""Characters of a text, unless a field says otherwise."""
_MAX_ITEMS = 1000
_MAX_SHOWN = 60


# A DNS subdomain (RFC 1123): what the API server takes for the name of such an object.
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_MAX_NAME = 253
_NAMESPACE = re.compile(_LABEL, re.ASCII)
_MAX_NAMESPACE = 63


class FieldError(InvalidPolicyError):
    """Something is wrong with one field, and the message says with which.

    `detail` is the message without the document: `path: what is wrong`.
    """

    def __init__(self, document: str, detail: str) -> None:
        """Both parts; the first is empty where nobody knows which document it is."""
        super().__init__(f"{document}: {detail}" if document else detail)
        self.detail = detail


def is_name(text: str) -> bool:
    """Whether an object in a cluster may have this name."""
    return len(text) <= _MAX_NAME and _NAME.fullmatch(text) is not None


def is_namespace(text: str) -> bool:
    """Whether a namespace may have this name: a DNS label (RFC 1123)."""
    return len(text) <= _MAX_NAMESPACE and _NAMESPACE.fullmatch(text) is not None


class Fields:
    """A mapping in a document, read field by field; `end()` refuses what was not read.

    A field that is there without a value (`digest:`) is refused: the same characters with a typing
    error in the line below mean something else.
    """

    __slots__ = ("_asked", "_data", "_document", "_path", "_title")

    def __init__(
        self, document: Document, title: str, data: object, path: tuple[str | int, ...] = ()
    ) -> None:
        """Read the mapping `data`, at `path` of the document that messages call `title`.

        Raises:
            FieldError: it is no mapping.
        """
        self._document = document
        self._title = title
        self._path = path
        self._asked: list[str] = []
        if not isinstance(data, dict):
            raise self.error(f"expected a mapping, got {described(data)}")
        for key in data:
            if not isinstance(key, str):
                raise self.error(f"expected a string for a key, got {described(key)}")
        self._data = data

    def error(self, message: str, *path: str | int) -> FieldError:
        """An error about a field under this one: `file:line: Kind name: path: message`."""
        full = (*self._path, *path)
        path_shown = printable(path_text(full))
        return FieldError(
            ": ".join(part for part in (self._document.at(full), self._title) if part),
            f"{path_shown}: {message}" if path_shown else message,
        )

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        if name not in self._asked:
            self._asked.append(name)
        return name in self._data

    def holds(self, name: str, kind: type) -> bool:
        """Whether the value of the field is of this type."""
        return isinstance(self._data.get(name), kind)

    @property
    def keys(self) -> list[str]:
        """The names of all fields that are there, for mappings with free keys."""
        return list(self._data)

    @property
    def line(self) -> int:
        """Where the mapping begins in its file, from 1; 0 where that is not known."""
        return self._document.lines.get(pointer_of(self._path), self._document.line)

    def plain(self, name: str) -> dict[str, object]:
        """A mapping that somebody else reads, as it stands there; an empty one where it is absent.

        Raises:
            FieldError: it is no mapping.
        """
        return self.section(name)._data  # noqa: SLF001 - of its own class

    def allow(self, *names: str) -> None:
        """Leave these fields unread."""
        self._asked += names

    def text(self, name: str, default: str | None = None, *, limit: int = _MAX_TEXT) -> str:
        """A string; required if there is no default."""
        value = self._value(name, default)
        if not isinstance(value, str):
            raise self.error(f"expected a string, got {described(value)}", name)
        if default is None and not value.strip():
            raise self.error("it is empty", name)
        if len(value) > limit:
            raise self.error(f"it is longer than {limit} characters", name)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """A truth value."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise self.error(f"expected true or false, got {described(value)}", name)
        return value

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number between two others, which are allowed too."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"expected a whole number, got {described(value)}", name)
        if not least <= value <= most:
            raise self.error(f"expected a number from {least} to {most}", name)
        return value

    def word(self, name: str, default: Word) -> Word:
        """One word of a closed list: that of the default."""
        return self._one_of(self._value(name, default), type(default), name)

    def one_of(self, name: str, words: type[Word]) -> Word:
        """One word of a closed list; required."""
        return self._one_of(self._value(name, None), words, name)

    def pairs(self, name: str) -> dict[str, str]:
        """A mapping from strings to strings; an empty one where the field is absent."""
        section = self.section(name)
        return {key: section.text(key, "") for key in section.keys}

    def texts(
        self, name: str, default: tuple[str, ...] | None = None, *, empty: bool = False
    ) -> tuple[str, ...]:
        """A list of strings; required if there is no default.

        It may have no entries where the default has none.

        `empty` allows empty strings in it.
        """
        items = self._list(name, default)
        if not items and default != ():
            why = ": write at least one entry" if default is None else ", so nothing could pass"
            raise self.error(f"the list is empty{why}", name)
        for index, item in enumerate(items):
            if not isinstance(item, str):
                raise self.error(f"expected a string, got {described(item)}", name, index)
            if not empty and not item.strip():
                raise self.error("it is empty", name, index)
            if len(item) > _MAX_TEXT:
                raise self.error(f"it is longer than {_MAX_TEXT} characters", name, index)
        return tuple(str(item) for item in items)

    def words(self, name: str, default: tuple[Word, ...]) -> tuple[Word, ...]:
        """A list of words of a closed list, never empty, in the order written."""
        items = self._list(name, default)
        if not items:
            raise self.error("the list is empty, so nothing would be asked", name)
        words = type(default[0])
        return tuple(self._one_of(item, words, name, index) for index, item in enumerate(items))

    def section(self, name: str) -> Fields:
        """A mapping; an empty one where the field is absent."""
        if self.has(name) and self._data[name] is None:
            raise self.error("it has no value: write {}, or leave the line out", name)
        return self._under(self._value(name, {}), name)

    def sections(self, name: str) -> list[Fields]:
        """A list of mappings; an empty one where the field is absent."""
        items = self._list(name, ())
        return [self._under(item, name, index) for index, item in enumerate(items)]

    def end(self) -> None:
        """Refuse every field that was not asked for.

        Raises:
            FieldError: there is one; names it, and the one that was probably meant.
        """
        for name in self._data:
            if name in self._asked:
                continue
            near = difflib.get_close_matches(str(name)[:_MAX_SHOWN], self._asked, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(self._asked)}"
            raise self.error(f"unknown field{hint}", str(name))

    def _under(self, value: object, *path: str | int) -> Fields:
        return Fields(self._document, self._title, value, (*self._path, *path))

    def _value(self, name: str, default: object) -> object:
        if not self.has(name):
            if default is None:
                written = [str(key)[:_MAX_SHOWN] for key in self._data if key not in self._asked]
                near = difflib.get_close_matches(name, written, n=1)
                hint = f"; did you mean it by {printable(near[0])}?" if near else ""
                raise self.error(f"{name} is missing{hint}")
            return default
        value = self._data[name]
        if value is None:
            raise self.error("it has no value: write one, or leave the line out", name)
        return value

    def _list(self, name: str, default: Iterable[object] | None) -> list[object]:
        value = self._value(name, None if default is None else list(default))
        if not isinstance(value, list):
            raise self.error(f"expected a list, got {described(value)}", name)
        if len(value) > _MAX_ITEMS:
            raise self.error(f"the list has more than {_MAX_ITEMS} entries", name)
        return value

    def _one_of(self, value: object, words: type[Word], *path: str | int) -> Word:
        # An `off` without quotes is no text to YAML 1.1.
        text = "off" if value is False else value
        for word in words:
            if text == word:
                return word
        known = ", ".join(word for word in words if word)
        raise self.error(f"expected one of {known}; got {described(value)}", *path)
