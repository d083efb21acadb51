"""JSON text that is safe on a terminal and readable by every strict parser."""

from __future__ import annotations

import json
import re

import msgspec

_NOT_SHOWN = re.compile(r"[^\x20-\x7e]")


def to_json(value: object) -> str:
    """One line of JSON: what is not printable is escaped, and nothing else is changed.

    Control characters beyond ASCII (U+009B starts a terminal command) and bidirectional marks may
    stand raw in JSON, so they are escaped here. Half a surrogate pair, which RFC 8259 section 8.2
    calls unpredictable, becomes U+FFFD.
    """
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair; the slow encoder lets it through
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Only strings can hold such a character, so an escape is right wherever one stands.
    return text if text.isascii() and text.isprintable() else _NOT_SHOWN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - the surrogates, Unicode 3.8
        return "\\ufffd"
    if code > 0xFFFF:  # noqa: PLR2004 - the end of the basic plane
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
