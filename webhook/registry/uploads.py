"""Sending to one repository: blobs, manifests and tags (distribution-spec, «Push»).

A blob is sent in one request behind the one that begins it, as containerd does it: the only way
that every registry has. What broke off halfway is not continued but begun anew; no registry keeps
half a blob under the digest of a whole one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec.structs import replace

from webhook.registry.documents import bad
from webhook.registry.exchange import Request, Response, Source
from webhook.registry.failures import failure
from webhook.registry.url import Url, follow

if TYPE_CHECKING:
    from webhook.registry.access import Access

_CREATED = 201
_STARTED = 202
_ASK_SECONDS = 60.0
"""For a request that holds no blob."""
_COMMIT_SECONDS = 300.0
"""That a registry may think about a blob or a manifest: object stores copy large ones once more."""
_BLOB = "application/octet-stream"


class Uploads:
    """Writes; never says that something is there which its registry did not confirm."""

    def __init__(self, access: Access) -> None:
        """Write through `access`, which logs in to pull and push."""
        self._access = access

    async def begin(self, digest: str, mount_from: str = "") -> Url | None:
        """Begin a blob.

        Args:
            digest: of the blob.
            mount_from: a repository of the same registry that has it; empty: none.

        Returns:
            where to send it; None where the registry took it from the other repository.

        Raises:
            RegistryError: it may not be sent.
        """
        response = await self._start(
            urlencode({"mount": digest, "from": mount_from}) if mount_from else ""
        )
        if mount_from and response.status == _CREATED:
            return None
        if mount_from and response.status != _STARTED:
            # Some registries refuse what others answer with an upload (202).
            response = await self._start("")
        if response.status != _STARTED:
            raise failure(response, f"an upload to {self._access.repository}", sent=True)
        place = self._place(response)
        return replace(
            place, query="&".join(filter(None, (place.query, urlencode({"digest": digest}))))
        )

    async def send(self, place: Url, source: Source, length: int, deadline: float) -> None:
        """Send a blob that was begun, and have it stored under its digest.

        Args:
            place: what `begin` gave.
            source: its pieces; called once.
            length: bytes.
            deadline: as `Request.deadline`.

        Raises:
            RegistryError: it was not stored; begin anew.
        """
        request = Request(
            method="PUT",
            url=place,
            content_type=_BLOB,
            source=source,
            length=length,
            silence=_COMMIT_SECONDS,
            max_bytes=0,
            deadline=deadline,
        )
        response = await self._access.transport.send(request)
        if response.status != _CREATED:
            raise failure(response, f"a blob for {self._access.repository}", sent=True)

    async def put_blob(self, digest: str, body: bytes) -> None:
        """Store a small blob under its digest.

        Raises:
            RegistryError: it was not stored.
        """
        place = await self.begin(digest)
        if place is None:  # pragma: no cover - nothing was asked to be mounted
            return
        request = Request(
            method="PUT",
            url=place,
            content_type=_BLOB,
            body=body,
            max_bytes=0,
            deadline=_now() + _ASK_SECONDS,
        )
        response = await self._access.transport.send(request)
        if response.status != _CREATED:
            raise failure(response, f"a blob for {self._access.repository}", sent=True)

    async def put_manifest(self, reference: str, body: bytes, media_type: str, digest: str) -> None:
        """Store a manifest or an index under a tag or its digest.

        Raises:
            RegistryError: it was not stored, or under another digest than `digest`.
        """
        request = Request(
            method="PUT",
            url=self._url(f"manifests/{reference}"),
            content_type=media_type,
            body=body,
            silence=_COMMIT_SECONDS,
            max_bytes=0,
            deadline=_now() + _COMMIT_SECONDS,
        )
        response = await self._access.transport.send(request)
        what = f"{self._access.repository}{'@' if ':' in reference else ':'}{reference}"
        if response.status != _CREATED:
            raise failure(response, what, sent=True)
        said = response.header("docker-content-digest")
        same = said is None or said.partition(":")[0] != digest.partition(":")[0] or said == digest
        if not same:
            raise bad(f"{what}: the registry stored it under another digest than its bytes have")

    async def _start(self, query: str) -> Response:
        request = Request(
            method="POST",
            url=replace(self._url("blobs/uploads/"), query=query),
            body=b"",
            max_bytes=0,
            deadline=_now() + _ASK_SECONDS,
        )
        return await self._access.transport.send(request)

    def _place(self, response: Response) -> Url:
        location = response.header("location")
        here = self._access.origin
        if location is None:
            raise bad(f"{here.authority} does not say where to send a blob")
        place = follow(self._url("blobs/uploads/"), location)
        if place.origin != here:
            # Our credentials would go there, or the image would go there without them.
            raise bad(
                f"{here.authority} wants blobs to be sent to {place.origin}; behind a proxy, check "
                "its base URL, X-Forwarded-Proto or `relativeurls`"
            )
        return place

    def _url(self, place: str) -> Url:
        return Url(self._access.origin, f"/v2/{self._access.repository}/{place}")


def _now() -> float:
    return asyncio.get_running_loop().time()
