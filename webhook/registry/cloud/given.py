"""A login that a cloud gave, and for how long it is used."""

from __future__ import annotations

import msgspec

from webhook.registry.credentials import Credential


class Given(msgspec.Struct, frozen=True):
    """What opens a registry for a while."""

    credential: Credential
    seconds: float
    """From when it was asked for; less than it lasts."""
