"""`kubectl cocket`: the same commands, found by kubectl as the program `kubectl-cocket` on PATH."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, NoReturn

import click

from webhook.cli import LazyCommands
from webhook.cli import main as cocket

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "kubectl cocket"
# The command at the beginning of a line, or behind a pipe or `&&`; not the product's name.
_OWN = re.compile(r"^(\s+|.*[|&] )cocket (?=[a-z-])", re.MULTILINE)


class PluginCommands(LazyCommands):
    """The commands of `cocket`, whose examples are written as kubectl's."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: D102
        command = super().get_command(ctx, cmd_name)
        return None if command is None else respelt(command)


def respelt(command: click.Command) -> click.Command:
    """The same command with examples as somebody types them who calls it through kubectl."""
    found = copy.copy(command)
    found.epilog = _OWN.sub(rf"\1{NAME} ", command.epilog or "") or None
    if isinstance(command, click.Group) and isinstance(found, click.Group):
        found.commands = {name: respelt(one) for name, one in command.commands.items()}
    return found


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run as kubectl's plugin (Kubernetes, «Extend kubectl with plugins»)."""
    group = PluginCommands(
        name=NAME,
        callback=cocket.callback,
        params=cocket.params,
        help=cocket.help,
        epilog=respelt(cocket).epilog,
        context_settings=cocket.context_settings,
    )
    group.main(arguments, prog_name=NAME)
