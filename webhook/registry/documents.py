"""Image configs out of strict JSON: what the rules read, and nothing that could be read twice."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from webhook.core.facts import ImageConfig, Reason
from webhook.core.printable import printable
from webhook.errors import BadContentError
from webhook.registry.strict import StrictJSONError, check_keys, encodable, load

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LABELS = 10_000
MAX_TEXT = 1024 * 1024
"""Characters of all labels, entrypoint and command of one config together."""

# Every key that a container runtime reads at its level (image-spec config.md; Docker's additions),
# not only those that the rules read: see `check_keys`.
_IMAGE_KEYS = frozenset(
    "architecture author config container container_config created docker_version history id os "
    "os.features os.version parent rootfs variant".split()
)
_CONFIG_KEYS = frozenset(
    "ArgsEscaped Cmd Entrypoint Env ExposedPorts Healthcheck Labels OnBuild Shell StopSignal "
    "StopTimeout User Volumes WorkingDir".split()
)


def read_config(body: bytes) -> ImageConfig:
    """Read an image config (image-spec config.md; Docker image spec v1.2).

    Raises:
        BadContentError: it is no strict JSON, or a field has a type that a runtime would refuse,
            or there are more labels or longer texts than any image has.
    """
    return config_of(document(body, "the image config"))


def document(body: bytes, what: str) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        BadContentError: it is no strict JSON or no object; the message begins with `what`.
    """
    try:
        value = load(body)
    except StrictJSONError as error:
        raise bad(f"{what} cannot be trusted: {error}") from error
    if not isinstance(value, dict):
        raise bad(f"{what} is no JSON object")
    return value


def config_of(found: Mapping[str, object]) -> ImageConfig:
    """The same for a config that was read as a part of something else, by `strict.load`."""
    known_keys(found, _IMAGE_KEYS, "the image config")
    inner = _object(found, "config")
    known_keys(inner, _CONFIG_KEYS, "the image config")
    labels = _labels(inner)
    entrypoint = _words(inner, "Entrypoint")
    cmd = _words(inner, "Cmd")
    size = sum(len(key) + len(value) for key, value in labels)
    if size + sum(map(len, entrypoint)) + sum(map(len, cmd)) > MAX_TEXT:
        raise bad(f"the image config has labels and commands of more than {MAX_TEXT} characters")
    return ImageConfig(
        os=sys.intern(text_of(found, "os")),
        architecture=sys.intern(text_of(found, "architecture")),
        variant=sys.intern(text_of(found, "variant")),
        entrypoint=entrypoint,
        cmd=cmd,
        stop_signal=sys.intern(text_of(inner, "StopSignal")),
        user=sys.intern(text_of(inner, "User")),
        created=text_of(found, "created"),
        labels=labels,
    )


def known_keys(found: Mapping[str, object], known: frozenset[str], what: str) -> None:
    """Refuse keys in disguise.

    Raises:
        BadContentError: see `strict.check_keys`.
    """
    try:
        check_keys(found, known)
    except StrictJSONError as error:
        raise bad(f"{what} cannot be trusted: {error}") from error


def text_of(found: Mapping[str, object], key: str) -> str:
    """A field that is a string, null or absent.

    Raises:
        BadContentError: it is something else, or no text that can be written as UTF-8.
    """
    value = found.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or not encodable(value):
        raise bad(f"{printable(key, 60)!r} is no string")
    return value


def bad(detail: str) -> BadContentError:
    """What was served is bad."""
    return BadContentError(Reason.BAD_CONTENT, detail)


def _object(found: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = found.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad(f"{key!r} in the image config is no object")
    return value


def _words(found: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = found.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise bad(f"{key!r} in the image config is no list")
    for word in value:
        if not isinstance(word, str) or not encodable(word):
            raise bad(f"{key!r} in the image config holds something else than strings")
    return tuple(value)


def _labels(found: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    value = found.get("Labels")
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise bad("'Labels' in the image config is no object")
    if len(value) > MAX_LABELS:
        raise bad(f"the image config has {len(value)} labels; {MAX_LABELS} are read")
    for key, text in value.items():
        if not isinstance(text, str) or not encodable(text) or not encodable(key):
            raise bad(f"label {printable(ascii(key), 60)} in the image config is no string")
    # Ten thousand images share a few dozen label keys.
    return tuple(sorted((sys.intern(key), text) for key, text in value.items()))
