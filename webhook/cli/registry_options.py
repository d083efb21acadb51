"""The options of `serve` and `operate` that are about registries."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, TypeVar

import click

from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.registry.forbidden import Network

F = TypeVar("F", bound="Callable[..., Any]")

MOST_STALE_SECONDS = 24 * 3600
"""A registry that is down for longer is no incident, and a tag of last week is no answer."""


class Cidr(click.ParamType["Network"]):
    """A network, as an address and a length."""

    name = "cidr"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Network:
        """Read the text; raises click.BadParameter."""
        try:
            return ipaddress.ip_network(str(value))
        except ValueError as error:
            self.fail(f"{error}; write a network as 10.96.0.0/12 or fd00::/108", param, ctx)


forbid_option = click.option(
    "--forbid-network",
    "forbidden",
    type=Cidr(),
    multiple=True,
    metavar="CIDR",
    help="Dial no registry there, whatever allowPrivateAddresses says; the address and port of the "
    "API server never are. Repeatable.",
)

stale_tag_option = click.option(
    "--stale-tag-seconds",
    type=click.IntRange(0, MOST_STALE_SECONDS),
    default=int(Settings().stale_tag_seconds),
    show_default=True,
    help="Judge a tag whose registry is silent by what it pointed to at most so long ago, with a "
    "warning; never where the registry answers, be it with a no. 0: such a tag is unknown.",
)
