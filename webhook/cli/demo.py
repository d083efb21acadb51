"""`cocket demo`: a registry, the server over TLS, real reviews and the answers, on this machine."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from webhook.admission.metrics import Metrics
from webhook.admission.selfsigned import LOCAL_NAMES, self_signed
from webhook.admission.server import Address, Server
from webhook.admission.tls import Certificate, try_pair
from webhook.cli import complain
from webhook.cli.exit_codes import FOUND, GOOD
from webhook.cli.policies import load_policies
from webhook.cli.serving import limits_of
from webhook.demo.apiserver import ApiServer, BadAnswerError, kubectl_create
from webhook.demo.registry import DemoRegistry
from webhook.demo.reviews import admission_review
from webhook.demo.samples import Sample, fill, policy, samples
from webhook.engine import Engine
from webhook.registry.client import open_client
from webhook.registry.questions import Questions
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

_SECONDS = 14.0
"""For everything: a demo that hangs is no demo."""
_STYLES = {"allowed": "green", "warned": "yellow", "denied": "red", "failed": "bold red"}


class Told(msgspec.Struct, frozen=True):
    """A sample, and what became of it."""

    sample: Sample
    decision: str
    """`allowed`, `warned`, `denied`, or `failed` where there was no answer."""
    lines: Sequence[str]
    """As kubectl would print them."""
    surprise: str
    """What is not as it must be; empty where all is."""


class Paper(Console):
    """A console whose reader may go away: the exit code is then that of every other command."""

    def on_broken_pipe(self) -> None:
        """Let `cli` see it; rich would exit with 1, which means a wrong answer here."""
        raise BrokenPipeError


_EPILOG = """\b
Examples:
  cocket demo
  make demo       # the same, with all set-up
"""


@click.command(epilog=_EPILOG)
def demo() -> None:
    """Show it all on this machine: registry, server, reviews, answers.

    Starts a small registry with good and bad images, and the server over TLS; asks the server about
    Pods as an API server would, and prints what kubectl would print. All of it on loopback; nothing
    is left behind. Exit code 1 if an answer is not the one that it must be.
    """
    console = Paper(highlight=False, markup=False, emoji=False)
    sys.exit(show(console, samples, seconds=_SECONDS))


def show(console: Console, samples_at: Callable[[str], Sequence[Sample]], *, seconds: float) -> int:
    """Play the demo.

    Args:
        console: gets all that is shown; what went wrong goes to standard error.
        samples_at: the Pods, given the registry's host.
        seconds: for everything.

    Returns:
        The exit code.
    """
    try:
        with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("wb") as log:
            policy_file = Path(folder) / "policy.yaml"
            told = asyncio.run(_play(console, samples_at, policy_file, log.fileno(), seconds))
    except TimeoutError:
        complain(f"the demo did not come to its end within {seconds:g} s")
        return FOUND
    console.print()
    console.print(_table(told))
    surprises = [f"{one.sample.name}: {one.surprise}" for one in told if one.surprise]
    complain(*surprises)
    return FOUND if surprises else GOOD


async def _play(
    console: Console,
    samples_at: Callable[[str], Sequence[Sample]],
    policy_file: Path,
    log: int,
    seconds: float,
) -> list[Told]:
    """Start everything, ask about every sample and print the answers."""
    async with asyncio.timeout(seconds), DemoRegistry() as registry:
        fill(registry)
        await asyncio.to_thread(policy_file.write_text, policy(registry.host))
        async with _webhook(policy_file, log) as api_server:
            _say(
                console, f"registry  http://{registry.host} with the paths prod and preprod", "dim"
            )
            _say(console, f"webhook   https://{api_server.host}:{api_server.port}/validate", "dim")
            told = []
            for sample in samples_at(registry.host):
                told.append(await create(api_server, sample))
                _print(console, told[-1])
    return told


@asynccontextmanager
async def _webhook(policy_file: Path, log: int) -> AsyncIterator[ApiServer]:
    """The server, as `cocket serve --tls-self-signed` runs it, and an API server that trusts it."""
    policies = await asyncio.to_thread(load_policies, [policy_file])
    issued = self_signed(LOCAL_NAMES, _now())
    client = open_client()
    questions = Questions(client)
    server = Server(
        engine=Engine(
            policies=lambda: policies,
            source=questions.source(lambda: policies),
            namespaces=lambda _: {},
            clock=_now,
        ),
        policies=lambda: policies,
        clock=_now,
        certificate=Certificate(try_pair(issued.pair, _now())),
        limits=limits_of(Settings()),
        metrics=Metrics(),
        log_descriptor=log,
        reviews=Address("127.0.0.1"),
        probes=None,
    )
    try:
        async with server:
            yield ApiServer("127.0.0.1", server.port, issued.ca.decode())
    finally:
        await questions.close()
        await client.close()


async def create(api_server: ApiServer, sample: Sample) -> Told:
    """`kubectl create` one sample; a webhook that gives no answer is a surprise, not an error."""
    file = f"{sample.name}.yaml"
    try:
        answer = await api_server.ask(admission_review(sample.pod))
    except (OSError, BadAnswerError) as error:
        failed = f"the webhook gave no answer: {error}"
        return Told(sample, "failed", (failed,), failed)
    lines = kubectl_create(file, sample.name, answer)
    return Told(sample, answer.decision, lines, sample.surprise(answer))


def _print(console: Console, told: Told) -> None:
    console.print()
    _say(console, f"$ kubectl create -f {told.sample.name}.yaml   # {told.sample.shows}", "bold")
    for line in told.lines:
        _say(console, line, "yellow" if line.startswith("Warning:") else _STYLES[told.decision])


def _say(console: Console, line: str, style: str) -> None:
    # Soft: a terminal wraps it, a pipe gets it whole; and never as markup, [brackets] are data.
    console.print(Text(line, style), soft_wrap=True)


def _table(told: Sequence[Told]) -> Table:
    table = Table()
    for title in ("Pod", "what it is", "answer", "rule"):
        table.add_column(title, overflow="fold")
    for one in told:
        answer = Text(one.decision, _STYLES[one.decision])
        table.add_row(one.sample.name, one.sample.shows, answer, one.sample.rule)
    return table


def _now() -> datetime:
    return datetime.now(UTC)
