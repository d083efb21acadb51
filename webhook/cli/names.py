"""Image names from the command line and from standard input, one a line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO, TextIO

MAX_LINE = 8192
"""Bytes of one line that are read: more than any name has, so that the parser says so."""


def names(arguments: Iterable[str], stdin: Callable[[], BinaryIO]) -> Iterator[str]:
    """Every argument; for `-` every line of `stdin`, as it comes.

    An empty line is an empty name, which is invalid: line N of the output is about line N of the
    input.

    Raises:
        InputError: there is no standard input.
    """
    for argument in arguments:
        if argument == "-":
            yield from _lines(stdin())
        else:
            yield argument


def standard_input() -> BinaryIO:
    """The bytes of standard input.

    Raises:
        InputError: it was closed before we started (`<&-`).
    """
    stdin: TextIO | None = sys.stdin
    if stdin is None:
        raise InputError("-: standard input is closed")
    return stdin.buffer


def _lines(stdin: BinaryIO) -> Iterator[str]:
    while line := stdin.readline(MAX_LINE):
        rest = line
        while not rest.endswith(b"\n") and len(rest) == MAX_LINE:
            rest = stdin.readline(MAX_LINE)
        yield line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
