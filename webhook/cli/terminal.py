"""What only a terminal gets: colours, wrapped lines, a progress bar."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import click

from webhook.core.printable import printable
from webhook.reports.running_table import Tone
from webhook.reports.table import blocks
from webhook.reports.wording import MAX_SENTENCE, Effect, summary_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from webhook.reports.checked import CheckResult
    from webhook.reports.running_table import Cell
    from webhook.reports.table import Block

_STYLES = {
    Effect.REFUSES: "bold red",
    Effect.WARNS: "yellow",
    Effect.NOTED: "cyan",
    Effect.NONE: "green",
}
_TONES = {Tone.PLAIN: "", Tone.HEAD: "bold", Tone.GOOD: "green", Tone.WEAK: "dim", Tone.BAD: "red"}


def print_table(result: CheckResult, *, verbose: bool) -> None:
    """The same words as the plain table, with colours, wrapped at the terminal's width."""
    print_blocks(blocks(result, verbose=verbose), [summary_line(result.summary())])


def print_blocks(found: Iterable[Block], last: Iterable[str]) -> None:
    """Blocks of a table with colours, and lines under it."""
    # Imported here: a run that writes to a pipe has no use for it.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    for block in found:
        style = _STYLES[block.effect]
        console.print(
            Text.assemble(
                (f"{block.sign} ", style),
                (f"{block.place}: " if block.place else "", "dim"),
                (block.title, "bold"),
                ": ",
                (block.verdict, style),
            ),
            soft_wrap=True,
        )
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=3)
        grid.add_column(width=1)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for line in block.lines:
            # `Text`, never a string: rich would read [brackets] in a message as markup.
            grid.add_row(
                "", Text(line.sign, _STYLES[line.effect]), Text(line.rule), Text(line.text)
            )
        if block.lines:
            console.print(grid)
    for text in last:
        console.print(Text(text, "bold"), soft_wrap=True)


def print_rows(rows: Iterable[tuple[Cell, ...]]) -> None:
    """Aligned rows with colours; a text that leads somewhere can be followed."""
    from rich.console import Console  # noqa: PLC0415
    from rich.style import Style  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    for row in rows:
        line = Text()
        for cell in row:
            style = Style.parse(_TONES[cell.tone])
            bare = cell.text.rstrip()
            line.append(bare, style + Style(link=cell.link) if cell.link else style)
            line.append(" " * (len(cell.text) - len(bare)))
        line.rstrip()
        console.print(line, soft_wrap=True)


class Bar:
    """A bar over bytes on standard error, and notes above it. See `promote.copying.Progress`."""

    def __init__(self, *, shown: bool, quiet: bool = False) -> None:
        """Show nothing where it is not `shown`, and no notes either if `quiet`."""
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        if shown:
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import (  # noqa: PLC0415
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            columns = (
                TextColumn("Copying"),
                BarColumn(),
                DownloadColumn(binary_units=True),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)

    def __enter__(self) -> Self:
        """Nothing is drawn before something is expected."""
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away."""
        if self._task is not None:
            self._bar.stop()

    def expect(self, size: int) -> None:
        """So many bytes more have to go."""
        if self._bar is None or not size:
            return
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("", total=0)
        self._bar.update(self._task, total=self._bar.tasks[0].total + size)

    def moved(self, size: int) -> None:
        """So many went, or went in vain."""
        if self._task is not None:
            self._bar.advance(self._task, size)

    def note(self, text: str) -> None:
        """A line above the bar."""
        if not self._quiet:
            click.echo(f"note: {printable(text, MAX_SENTENCE)}", err=True)


@contextmanager
def progress(
    total: int, *, shown: bool, what: str = "Looking up images"
) -> Iterator[Callable[[], None]]:
    """A bar on standard error while names are looked up; call what it yields once a name."""
    if not shown or not total:
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn(what, markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


class AuditProgress:
    """How far an audit is, on standard error: first Pods are listed, then images looked up."""

    def __init__(self) -> None:
        """Begin without a bar."""
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("Listing Pods", total=None, count="")
        self._images = 0
        self._done = 0

    def __enter__(self) -> Self:
        """Show it."""
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        self._bar.stop()

    def listed(self, pods: int) -> None:
        """See `webhook.audit.scan.Told`."""
        self._bar.update(self._task, count=f"{pods:,}")

    def asking(self, images: int) -> None:
        """See `webhook.audit.scan.Told`."""
        self._images = images
        self._bar.update(
            self._task, description="Looking up images", total=images, completed=0, count=""
        )

    def answered(self) -> None:
        """One more image was looked up."""
        self._done += 1
        self._bar.update(self._task, completed=self._done, count=f"{self._done}/{self._images}")


@contextmanager
def downloading(*, shown: bool) -> Iterator[Callable[[int], None]]:
    """How many bytes came, on standard error while layers are read; call it with each piece."""
    if not shown:
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (SpinnerColumn(), TextColumn("Reading layers"), DownloadColumn())
    with Progress(
        *columns, TransferSpeedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda size: bar.advance(task, size)
