"""What options of `cocket operate` take: names of objects, the URL of a webhook, who we are."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click

from webhook.core.resource_fields import is_name

_MAX_IDENTITY = 253


class ObjectName(click.ParamType[str]):
    """The name of an object."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        if not is_name(str(value)):
            self.fail(f"{value!r} is no name of an object", param, ctx)
        return str(value)


class HttpsUrl(click.ParamType[str]):
    """What an API server takes as the URL of a webhook."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        text = str(value)
        try:
            parts = urlsplit(text)
            good = (
                parts.scheme == "https"
                and bool(parts.hostname)
                and parts.port != 0
                and "@" not in parts.netloc
                and not parts.query
                and not parts.fragment
            )
        except ValueError:
            good = False
        if not good:
            self.fail(f"{text!r} is not written as https://HOST[:PORT]/PATH", param, ctx)
        return text


class Identity(click.ParamType[str]):
    """A name of ours, for the Lease."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        text = str(value)
        if not text or len(text) > _MAX_IDENTITY or not text.isprintable() or text.strip() != text:
            self.fail(f"{text!r} is no name", param, ctx)
        return text
