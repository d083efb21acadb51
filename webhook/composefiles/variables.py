"""Variables in a Compose file (compose-spec, 12-interpolation.md).

>>> interpolate("web:${TAG:-1.0}").text
'web:1.0'
"""

from __future__ import annotations

import re

import msgspec

_VARIABLE = re.compile(
    r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([^{}]*))?\})",
    re.ASCII,
)


class Text(msgspec.Struct, frozen=True):
    """A text after the defaults of its variables were put in."""

    text: str
    missing: tuple[str, ...] = ()
    """Variables without a default: what they are stands in the environment."""


def interpolate(text: str) -> Text:
    """The text with the default of each variable in its place, and `$$` made `$`."""
    missing: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        dollar, bare, braced, operator, word = found.groups()
        if dollar:
            return "$"
        if operator in {"-", ":-"}:
            return str(word)
        missing.append(bare or braced)
        return found[0]

    return Text(_VARIABLE.sub(replaced, text), tuple(missing))
