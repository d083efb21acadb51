"""The stages of a Dockerfile: what each is built on, and what the last one's image will say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.dockerfiles.words import Value, expand, json_words, pairs, words
from webhook.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.dockerfiles.instructions import Dockerfile, Instruction

SCRATCH = "scratch"
"""The name of no image at all."""

# Docker, «Automatic platform ARGs in the global scope», and the proxies that need no ARG.
_PLATFORM = tuple(
    f"{side}{part}"
    for side in ("BUILD", "TARGET")
    for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)
_SHELL = ("/bin/sh", "-c")


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """One place where a Dockerfile names an image."""

    image: Value
    written: str
    """As it stands there, variables and all."""
    line: int
    place: int
    """Where it stands in the file: index of its first character."""
    stage: str
    """Name or number of the stage that names it."""
    keyword: str
    """`FROM`, `COPY --from` or `RUN --mount`."""


class Says(msgspec.Struct):
    """What the image of a stage says; None for what it has from its base."""

    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    lines: dict[str, int] = {}
    """Line of ENTRYPOINT and CMD; of a label under its name."""
    labels: dict[str, Value] = {}


class Stage(msgspec.Struct):
    """One stage; it begins as the stage that it is built on, if it is one."""

    name: str
    line: int
    base: Base | None
    """What the chain of stages is built on in the end; None for scratch."""
    says: Says
    variables: dict[str, Value]
    shell: tuple[str, ...] = _SHELL
    cmd_here: bool = False
    """Whether a CMD of its own came by."""


class Build(msgspec.Struct, frozen=True):
    """What a Dockerfile builds."""

    bases: tuple[Base, ...]
    """Every image that is named, in the order of the file; never scratch, never a stage."""
    final: Stage
    defaults: Mapping[str, tuple[str, int]]
    """The literal default of each global ARG, and where it stands in the file."""
    runs: tuple[tuple[str, Instruction], ...]
    """Every RUN, with the name of its stage."""


def read_build(dockerfile: Dockerfile, file: str) -> Build:
    """What the instructions build.

    Raises:
        InvalidObjectError: there is no FROM, or something but ARG stands before the first; the
            message begins with `file:line`.
    """
    reader = _Reader(dockerfile.escape, file)
    for one in dockerfile.instructions:
        reader.take(one)
    if not reader.stages:
        raise InvalidObjectError(f"{file}:1: there is no FROM, so it builds nothing")
    return Build(tuple(reader.bases), reader.stages[-1], reader.defaults, tuple(reader.runs))


class _Reader:
    def __init__(self, escape: str, file: str) -> None:
        self.escape = escape
        self.file = file
        self.stages: list[Stage] = []
        self.bases: list[Base] = []
        self.runs: list[tuple[str, Instruction]] = []
        self.defaults: dict[str, tuple[str, int]] = {}
        self._globals = {name: _required(name) for name in _PLATFORM}

    def take(self, one: Instruction) -> None:
        """Read the next instruction."""
        if one.name == "FROM":
            self._from(one)
        elif not self.stages:
            self._before(one)
        else:
            self._in_stage(one, self.stages[-1])

    def _before(self, one: Instruction) -> None:
        if one.name != "ARG":
            raise InvalidObjectError(
                f"{self.file}:{one.line}: {one.name} stands before the first FROM; only ARG may"
            )
        for key, raw, value in self._arguments(one, self._globals):
            self._globals[key] = value or self._globals.get(key) or _required(key)
            if value is not None and value.text == raw:
                # Literal, without quotes: what can be edited where it stands.
                self.defaults[key] = (raw, one.place(one.text.index(f"{key}=") + len(key) + 1))

    def _arguments(
        self, one: Instruction, variables: Mapping[str, Value]
    ) -> list[tuple[str, str, Value | None]]:
        """Name, raw default and default of each argument; None: it has none."""
        found: list[tuple[str, str, Value | None]] = []
        for word in words(one.text, self.escape):
            key, equals, raw = word.partition("=")
            found.append((key, raw, expand(raw, variables, self.escape) if equals else None))
        return found

    def _from(self, one: Instruction) -> None:
        split = one.text.split()
        named = len(split) == 3 and split[1].upper() == "AS"  # noqa: PLR2004 - image AS name
        if len(split) != 1 and not named:
            raise InvalidObjectError(
                f"{self.file}:{one.line}: FROM is written as FROM IMAGE, or FROM IMAGE AS NAME; "
                f"here it is FROM {printable(one.text, 100)}"
            )
        name = split[2].lower() if named else str(len(self.stages))
        image = expand(split[0], self._globals, self.escape)
        parent = self._stage(image.text) if image.known else None
        if parent is not None:
            says = Says(
                parent.says.entrypoint,
                parent.says.cmd,
                dict(parent.says.lines),
                dict(parent.says.labels),
            )
            stage = Stage(name, one.line, parent.base, says, dict(parent.variables), parent.shell)
        else:
            base = self._base(image, split[0], one, one.place(0), name, "FROM")
            stage = Stage(name, one.line, base, Says(), {})
        self.stages.append(stage)

    def _base(  # noqa: PLR0917 - the fields of a Base
        self, image: Value, written: str, one: Instruction, place: int, stage: str, keyword: str
    ) -> Base | None:
        if image.known and image.text.lower() == SCRATCH:
            return None
        base = Base(
            image=image, written=written, line=one.line, place=place, stage=stage, keyword=keyword
        )
        self.bases.append(base)
        return base

    def _stage(self, name: str) -> Stage | None:
        """The stage of a name; the last of several."""
        wanted = name.lower()
        return next((one for one in reversed(self.stages) if one.name == wanted), None)

    def _in_stage(self, one: Instruction, stage: Stage) -> None:
        match one.name:
            case "ARG" | "ENV" | "LABEL":
                self._named(one, stage)
            case "SHELL":
                stage.shell = json_words(one.text) or stage.shell
            case "ENTRYPOINT" | "CMD":
                _started(one, stage)
            case "COPY":
                self._copied(one, stage)
            case "RUN":
                self._run(one, stage)
            case _:
                pass

    def _named(self, one: Instruction, stage: Stage) -> None:
        """A variable or a label; one ENV does not see what stands beside it."""
        if one.name == "ARG":
            for key, _, value in self._arguments(one, stage.variables):
                stage.variables[key] = value or self._globals.get(key) or _required(key)
            return
        before = dict(stage.variables)
        for raw_key, raw in pairs(one.text, self.escape):
            value = expand(raw, before, self.escape)
            if one.name == "ENV":
                stage.variables[raw_key] = value
            else:
                key = expand(raw_key, before, self.escape).text
                stage.says.labels[key] = value
                stage.says.lines[key] = one.line

    def _copied(self, one: Instruction, stage: Stage) -> None:
        flag = one.flag("from")
        if flag is None or not flag.value:
            return
        # BuildKit expands no variable here, and takes a number for that of a stage.
        if self._stage(flag.value) is None and not flag.value.isdigit():
            self._base(Value(flag.value), flag.value, one, flag.at, stage.name, "COPY --from")

    def _run(self, one: Instruction, stage: Stage) -> None:
        self.runs.append((stage.name, one))
        for flag in one.flags:
            if flag.name != "mount":
                continue
            at = flag.at
            for part in flag.value.split(","):
                key, _, value = part.partition("=")
                if key == "from" and value and self._stage(value) is None and not value.isdigit():
                    place = at + len("from=")
                    self._base(Value(value), value, one, place, stage.name, "RUN --mount")
                at += len(part) + 1


def _required(name: str) -> Value:
    """An ARG without a default: what it is, a build says."""
    return Value(f"${{{name}}}", frozenset({name}))


def _started(one: Instruction, stage: Stage) -> None:
    """ENTRYPOINT or CMD; CMD of the base would be arguments to something else, so it goes."""
    says = stage.says
    if one.name == "CMD":
        says.cmd, stage.cmd_here = _argv(one, stage.shell), True
    else:
        says.entrypoint = _argv(one, stage.shell)
        says.cmd = says.cmd if stage.cmd_here else ()
    says.lines[one.name] = one.line


def _argv(one: Instruction, shell: tuple[str, ...]) -> tuple[str, ...]:
    found = json_words(one.text)
    if found is not None:
        return found
    return (*shell, one.text) if one.text else ()
