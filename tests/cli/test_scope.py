"""Options that mean the same in every command."""

from __future__ import annotations

import click
import pytest

from webhook.cli import COMMANDS, main
from webhook.cli.scope import check_places

CONTEXT = click.Context(main)


def option(command: str, name: str) -> click.Parameter | None:
    found = main.get_command(CONTEXT, command)
    assert found is not None
    return next((one for one in found.params if one.name == name), None)


@pytest.mark.parametrize("name", ["kubeconfig", "context", "everywhere"])
def test_what_several_commands_call_alike_is_told_alike(name: str) -> None:
    found = [option(command, name) for command in COMMANDS]
    said = [one.help for one in found if isinstance(one, click.Option)]

    assert len(said) > 1
    assert len(set(said)) == 1, said


def test_one_place_or_all() -> None:
    check_places("shop", everywhere=False)
    check_places(None, everywhere=True)
    with pytest.raises(click.UsageError, match="-A and -n"):
        check_places("shop", everywhere=True)
