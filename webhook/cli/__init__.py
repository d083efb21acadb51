"""The command line: parse arguments, build the objects, print, choose the exit code.

Nothing heavy is imported here: `cocket --help` reads a table, and a command's module is imported
when the command runs. Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from webhook import __version__
from webhook.cli.exit_codes import BROKEN_PIPE, INTERRUPTED, USAGE
from webhook.core.printable import printable
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_MESSAGE = 2000
"""Characters of an error that are shown; it may quote a file name and a line of the input."""

COMMANDS = {
    "check": ("webhook.cli.check", "Judge the images that manifests name."),
    "audit": ("webhook.cli.audit", "Judge what runs in a cluster, and say who owns it."),
    "running": ("webhook.cli.running", "Tell of running containers: OS, commit, age, PID 1."),
    "test": ("webhook.cli.test", "Run unit tests of policies."),
    "image": ("webhook.cli.image", "Tell what an image name means, and what its registry says."),
    "packages": ("webhook.cli.packages", "Tell which running workloads hold a package."),
    "pin": ("webhook.cli.pin", "Write the digest behind every tag in files."),
    "resolve": ("webhook.cli.resolve", "Tell which digest a tag points to now."),
    "promote": ("webhook.cli.promote", "Copy an image to another registry, checked, by digest."),
    "registry": ("webhook.cli.registry", "Tell what a registry may lose, and delete it there."),
    "serve": ("webhook.cli.serve", "Answer admission reviews over HTTPS."),
    "operate": ("webhook.cli.operate", "Keep image facts, certificates and webhook configuration."),
    "policy": ("webhook.cli.policy", "Simulate a policy before it is in force."),
    "doctor": ("webhook.cli.doctor", "Say what is wrong with an installation, and how to mend it."),
    "demo": (
        "webhook.cli.demo",
        "Show it all on this machine: registry, server, reviews, answers.",
    ),
}
"""Name of a command, which is also the name of the function: its module, and its line in --help."""

_EXAMPLES = """\b
Examples:
  cocket check deploy/
  helm template chart | cocket check --policy policy.yaml -
  cocket image nginx:1.25
"""


class LazyCommands(click.Group):
    """A group that imports a command's module when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002, D102
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002, D102
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} in {COMMANDS[cmd_name][0]} is no command")
        return command

    def format_commands(  # noqa: D102
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; click itself would give a closed pipe the code for a finding."""
        # Imported here: `--help` is fast without it.
        from webhook.settings import wants_no_colours  # noqa: PLC0415

        if wants_no_colours():
            ctx.color = False
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _drop_stdout()
            sys.exit(BROKEN_PIPE)

    def main(  # noqa: D102
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002, FBT001, FBT002 - the signature is click's
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002
        **extra: Any,
    ) -> NoReturn:
        _forgive_encoding()
        try:
            try:
                code: object = super().main(
                    args,
                    prog_name,
                    complete_var,
                    standalone_mode=False,
                    windows_expand_args=windows_expand_args,
                    **extra,
                )
            except SystemExit as end:
                code = end.code
            # A full disk or a closed pipe may show only now; later nobody could say so any more.
            sys.stdout.flush()
        except click.ClickException as error:
            error.show()
            code = USAGE
        except InputError as error:
            complain(str(error))
            code = USAGE
        except (KeyboardInterrupt, click.Abort):
            code = INTERRUPTED
        except BrokenPipeError:
            _drop_stdout()
            code = BROKEN_PIPE
        except OSError as error:
            _drop_stdout()
            complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
            code = USAGE
        sys.exit(code if isinstance(code, int) else 0)


def complain(*messages: str) -> None:
    """Say on standard error what is wrong, one line an error."""
    for message in messages:
        click.echo(f"error: {printable(message, MAX_MESSAGE)}", err=True)


def _forgive_encoding() -> None:
    # A terminal that is not UTF-8 gets an escape in place of a sign; it must not get a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_stdout() -> None:
    """Nobody reads any more: what is still buffered must not raise once more at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a real file: nothing is flushed at exit
        return


def _print_version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        click.echo(f"cocket {__version__}")
        ctx.exit()


@click.command(
    cls=LazyCommands, epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Which container images may run, and why not.

    Cocket refuses images that are named by a tag, come from a registry that is not for production,
    carry no provenance labels, or would run without an init as PID 1.
    """
