"""One event of a YAML stream: its value, its line, and what is wrong with it."""

from __future__ import annotations

from yaml.events import Event, ScalarEvent

from webhook.manifests.scalars import NoScalarError, Scalar, plain, tagged


class BrokenError(Exception):
    """What is wrong, and in which line (from 1)."""

    def __init__(self, event: Event, problem: str) -> None:
        super().__init__(problem)
        self.line = line_of(event)
        self.problem = problem


def scalar_of(event: ScalarEvent) -> object:
    """The value of a scalar; raises BrokenError."""
    if event.tag is not None and not event.value and not event.style:
        # `!!str,a b` is nothing and `a b` to us, and `b` with a strange tag to kubectl.
        raise BrokenError(event, "there is nothing behind a tag: write the value, or quotes")
    if event.tag is None:
        return plain_of(event) if event.implicit[0] else event.value
    try:
        return event.value if event.tag == "!" else tagged(event.value, event.tag)
    except NoScalarError as error:
        raise BrokenError(event, str(error)) from error


def plain_of(event: ScalarEvent) -> Scalar:
    """The value of a scalar without quotes and without a tag; raises BrokenError."""
    try:
        return plain(event.value)
    except NoScalarError as error:
        raise BrokenError(event, str(error)) from error


def key_of(event: Event, value: object) -> str:
    """A key as JSON has it; numbers and truth values become words, as `kubectl` makes them."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case None:
            raise BrokenError(event, "a key is missing before the colon")
        case _:
            raise BrokenError(event, "a key must be a word, not a mapping or a list")


def sources_of(event: Event, value: object) -> list[dict[str, object]]:
    """The mappings that a key `<<` names; raises BrokenError."""
    sources = value if isinstance(value, list) else [value]
    mappings = [source for source in sources if isinstance(source, dict)]
    if len(mappings) < len(sources):
        raise BrokenError(event, "<< takes a mapping, or a list of mappings")
    return mappings


def line_of(event: Event) -> int:
    """Where an event begins, from 1; 0 where that is not known."""
    mark = event.start_mark
    return int(mark.line) + 1 if mark else 0
