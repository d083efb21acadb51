"""One file: what it names, and the same file with digests, proved to say nothing else."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.names import is_dockerfile
from webhook.dockerfiles.stages import read_build
from webhook.errors import InvalidObjectError
from webhook.manifests.files import MAX_BYTES, decoded, parse_bytes
from webhook.pin.dockerfile_spots import dockerfile_found
from webhook.pin.spots import rewrite
from webhook.pin.yaml_spots import yaml_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from webhook.pin.spots import Found, Spot

_BOM = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ABSENT = object()


def find(content: bytes, file: str, *, tag_digest: bool = False) -> Found:
    """Everything in a file that names an image; for `tag_digest` see `values_spots`.

    Raises:
        InvalidObjectError: it cannot be read, or cannot be edited; names the file.
    """
    if content.startswith(_OTHER_MARKS):
        raise InvalidObjectError(f"{file}: this is UTF-16; write it as UTF-8")
    text = _text(content, file)
    if is_dockerfile(PurePath(file).name):
        return dockerfile_found(text, file)
    return yaml_found(text, file, list(parse_bytes(content, file)), tag_digest=tag_digest)


def pinned(content: bytes, file: str, found: Found, digests: Mapping[str, str]) -> bytes:
    """The file with the digests that are known; every byte outside of the spots is as it was.

    Args:
        content: what `found` was found in.
        file: its name.
        found: what it names.
        digests: by the name that was looked up.

    Raises:
        InvalidObjectError: what came out would not say the same but for its images: our mistake,
            and nothing is written.
    """
    text = _text(content, file)
    mark = _BOM if content.startswith(_BOM) else b""
    crlf = "\r\n" in text
    spots = [
        spot if not crlf else _with_crlf(spot) for spot in found.spots if spot.image in digests
    ]
    written = mark + rewrite(text, spots, digests).encode()
    allowed = {(image, f"{image}@{digest}") for image, digest in digests.items()}
    allowed |= {(one.tag, f"{one.tag}@{digests[one.image]}") for one in spots if one.tag}
    if not _says_the_same(content, written, file, allowed, frozenset(digests.values())):
        raise InvalidObjectError(
            f"{file}: pinned, it would not say the same but for its images; nothing was changed"
        )
    return written


def _with_crlf(spot: Spot) -> Spot:
    return replace(spot, after=spot.after.replace("\n", "\r\n"))


def _text(content: bytes, file: str) -> str:
    if len(content) > MAX_BYTES:
        raise InvalidObjectError(f"{file}: longer than {MAX_BYTES // 1024 // 1024} MiB")
    return decoded(content.removeprefix(_BOM), file)


def _says_the_same(
    old: bytes,
    new: bytes,
    file: str,
    allowed: AbstractSet[tuple[str, str]],
    values: AbstractSet[str],
) -> bool:
    """Whether only texts changed, as allowed, and what was empty into one of the values."""
    if is_dockerfile(PurePath(file).name):
        before, after = (_bases(one, file) for one in (old, new))
        pairs = list(zip(before, after, strict=False))
        return len(before) == len(after) and all(
            one == other or (one, other) in allowed for one, other in pairs
        )
    before_data, after_data = (
        [one.data for one in parse_bytes(content, file)] for content in (old, new)
    )
    return all(
        _pair(one, other) in allowed
        or (_is_nothing(one) and isinstance(other, str) and other in values)
        for one, other in _differences(before_data, after_data)
    )


def _pair(one: object, other: object) -> tuple[str, str]:
    """Two texts; anything else is a pair that nothing allows."""
    return (one, other) if isinstance(one, str) and isinstance(other, str) else ("", "")


def _is_nothing(value: object) -> bool:
    return value is None or value is _ABSENT or value == ""


def _bases(content: bytes, file: str) -> list[str]:
    text = _text(content, file)
    build = read_build(read_dockerfile(text, file), file)
    return [one.image.text for one in build.bases]


def _differences(old: object, new: object) -> Iterator[tuple[object, object]]:
    """Every pair of leaves that differ."""
    pending: list[tuple[object, object]] = [(old, new)]
    while pending:
        one, other = pending.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            pending += [
                (one.get(key, _ABSENT), other.get(key, _ABSENT))
                for key in one.keys() | other.keys()
            ]
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pending += zip(one, other, strict=True)
        elif type(one) is not type(other) or one != other:
            yield one, other
