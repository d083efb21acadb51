"""What keeps text text: data for the script, and the policy that lets nothing else run or load.

Content Security Policy Level 3 (W3C): sections 6.7.2 (hashes) and 3.3 (the meta element, which
must not say `frame-ancestors`).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from markupsafe import Markup

from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# `</script` ends a data block, and `<!--` begins another state of the parser (HTML, 13.2.5.4).
_ACTIVE = {char: f"\\u{ord(char):04x}" for char in "<>&"}


def policy_of(script: str, style: str) -> str:
    """The policy of a page with this one script and this one style, both inline."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def data_block(data: Mapping[str, object]) -> Markup:
    """JSON for an element `<script type="application/json">`: no character in it is markup."""
    # Only strings can hold such a character, so an escape is right wherever one stands.
    text = to_json(data)
    for char, escape in _ACTIVE.items():
        text = text.replace(char, escape)
    return Markup(text)  # noqa: S704 - nothing active is left in it


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
