"""PID 1 of an image by itself, when no Pod changes its command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.argv import effective, show
from webhook.core.process import look
from webhook.core.standing import Kind, Process

if TYPE_CHECKING:
    from webhook.core.facts import ImageConfig
    from webhook.core.inside import Inside


class Pid1(msgspec.Struct, frozen=True, kw_only=True):
    """What is started, and what it is."""

    argv: tuple[str, ...]
    process: Process

    @property
    def summary(self) -> str:
        """In one printable line: what it is, and its argv."""
        return summary(self.process, self.argv)


def pid1(config: ImageConfig, inside: Inside | None = None) -> Pid1:
    """What PID 1 of this image is when a Pod says nothing about it."""
    argv = effective(config.entrypoint, config.cmd, (), ())
    windows = config.os == "windows"
    process = Process(kind=Kind.WINDOWS) if windows else look(argv, (), inside)
    return Pid1(argv=argv, process=process)


def summary(process: Process, argv: tuple[str, ...]) -> str:
    """What it is, and its argv, in one printable line: `init tini: tini -- /app`."""
    match process.kind:
        case Kind.NOTHING:
            return "none: the image names no command"
        case Kind.WINDOWS:
            return "none: Windows has no PID 1"
        case Kind.ABSENT:
            what = f"none, {show((process.name,))} cannot be started"
        case Kind.INIT | Kind.SUPERVISOR | Kind.SERVER | Kind.WRAPPER:
            what = f"{process.kind} {show((process.name,))}"
        case Kind.SHELL_FORM:
            what = "shell form"
        case Kind.STAYS:
            what = "script that stays"
        case _:
            what = str(process.kind)
    return f"{what}: {show(argv)}"
