"""What a registry holds: repositories with manifests, blobs and tags, in memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from webhook.demo.images import sha256

if TYPE_CHECKING:
    from webhook.demo.images import Built


_OK = 200


class Stored(msgspec.Struct, frozen=True):
    """A manifest under a digest; the digest is what the registry claims, not what it computed."""

    media_type: str
    body: bytes
    digest: str


class Repository(msgspec.Struct):
    """What one repository holds, by digest; tags point to manifests."""

    manifests: dict[str, Stored] = msgspec.field(default_factory=dict)
    blobs: dict[str, bytes] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class Content:
    """All repositories of a registry; `DemoRegistry` serves them."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.repositories: dict[str, Repository] = {}

    def add(self, repository: str, built: Built, tag: str | None = None) -> str:
        """Push an image, or an index with all that it names; returns its digest.

        A tag that was there moves.
        """
        for child in built.children:
            self.add(repository, child)
        for blob in built.blobs:
            self.put_blob(repository, blob)
        return self.put_manifest(repository, built.manifest, built.media_type, tag=tag)

    def put_manifest(
        self,
        repository: str,
        body: bytes,
        media_type: str,
        *,
        tag: str | None = None,
        digest: str = "",
    ) -> str:
        """Store any bytes as a manifest, under their own digest or under a false one."""
        held = self.repositories.setdefault(repository, Repository())
        digest = digest or sha256(body)
        held.manifests[digest] = Stored(media_type, body, digest)
        if tag is not None:
            held.tags[tag] = digest
        return digest

    def put_blob(self, repository: str, body: bytes, *, digest: str = "") -> str:
        """Store any bytes as a blob, under their own digest or under a false one."""
        held = self.repositories.setdefault(repository, Repository())
        digest = digest or sha256(body)
        held.blobs[digest] = body
        return digest

    def remove(self, repository: str, reference: str = "") -> None:
        """Take away a tag, a manifest or a blob; without a reference the whole repository.

        Raises:
            KeyError: nothing of that name is there.
        """
        if not reference:
            del self.repositories[repository]
            return
        held = self.repositories[repository]
        places: tuple[dict[str, Stored] | dict[str, bytes] | dict[str, str], ...] = (
            held.tags,
            held.manifests,
            held.blobs,
        )
        if not any(reference in place for place in places):
            raise KeyError(reference)
        for place in places:
            place.pop(reference, None)

    def manifest(self, repository: str, reference: str) -> Stored | None:
        """The manifest behind a tag or a digest."""
        held = self.repositories.get(repository, Repository())
        return held.manifests.get(held.tags.get(reference, reference))

    def blob(self, repository: str, digest: str) -> bytes | None:
        """The bytes of a blob; blobs of other repositories are not served."""
        return self.repositories.get(repository, Repository()).blobs.get(digest)

    def tags(self, repository: str) -> list[str] | None:
        """The tags in ASCII order; None where there is no such repository."""
        held = self.repositories.get(repository)
        return None if held is None else sorted(held.tags)


def ping() -> web.Response:
    """What `/v2/` answers."""
    return web.json_response({}, headers={"Docker-Distribution-API-Version": "registry/2.0"})


def served(body: bytes, digest: str, media_type: str, more: dict[str, str]) -> web.Response:
    """A manifest or a blob as it is served, with `more` headers."""
    headers = {
        "Content-Type": media_type,
        "Docker-Content-Digest": digest,
        "Docker-Distribution-API-Version": "registry/2.0",
        "ETag": f'"{digest}"',
    }
    return web.Response(body=body, headers=headers | more)


def ranged(request: web.BaseRequest, right: web.Response) -> web.Response:
    """The rest of it, where that is what was asked for (`bytes=N-`, as blobs are resumed)."""
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    body = right.body
    if asked is None or right.status != _OK or not isinstance(body, bytes):
        return right
    begin = int(asked[1])
    if begin >= len(body):
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
    right.set_status(206)
    right.headers["Content-Range"] = f"bytes {begin}-{len(body) - 1}/{len(body)}"
    right.body = body[begin:]
    return right
