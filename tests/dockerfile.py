"""Reads the Dockerfile as far as it decides what the image says: labels, user, command."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKERFILE = Path(__file__).parents[1] / "Dockerfile"
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


class Stage(msgspec.Struct):
    """One `FROM` and what follows it; instructions with their arguments, in order."""

    base: str
    name: str = ""
    instructions: list[tuple[str, str]] = []

    def all(self, instruction: str) -> list[str]:
        return [text for name, text in self.instructions if name == instruction]

    def last(self, instruction: str) -> str:
        return self.all(instruction)[-1]

    def command(self, instruction: str) -> list[str]:
        """Of an instruction in exec form; a shell form is no JSON, and an error here."""
        return msgspec.convert(json.loads(self.last(instruction)), list[str])

    def arguments(self) -> dict[str, str | None]:
        """Build arguments with their defaults; None where there is none."""
        found: dict[str, str | None] = {}
        for text in self.all("ARG"):
            name, equals, value = text.partition("=")
            found[name] = value.strip('"') if equals else None
        return found

    def labels(self, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """As `docker build` with these arguments would write them."""
        values = {name: value or "" for name, value in self.arguments().items()} | dict(given or {})
        pairs = [pair for text in self.all("LABEL") for pair in shlex.split(text)]
        return {
            name: _VARIABLE.sub(lambda found: values[found[1] or found[2]], value)
            for name, _, value in (pair.partition("=") for pair in pairs)
        }


def lines() -> list[str]:
    """Logical lines, without comments and directives."""
    text = "\n".join(
        line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")
    )
    joined = re.sub(r"\\\n\s*", " ", text)
    return [line for line in joined.splitlines() if line.strip()]


def stages() -> tuple[list[str], list[Stage]]:
    """What stands before the first `FROM`, and the stages."""
    before: list[str] = []
    found: list[Stage] = []
    for line in lines():
        instruction, _, text = line.partition(" ")
        if instruction == "FROM":
            base, _, name = text.partition(" AS ")
            found.append(Stage(base, name, []))
        elif found:
            found[-1].instructions.append((instruction, text.strip()))
        else:
            before.append(line)
    return before, found
