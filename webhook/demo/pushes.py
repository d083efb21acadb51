"""Pushing to the demo registry, and what is attached to what it holds (distribution-spec)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from webhook.demo.faults import problem
from webhook.demo.images import OCI_INDEX, sha256

if TYPE_CHECKING:
    from webhook.demo.content import Content, Stored

_UPLOAD = re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<id>[^/]*)")
_MANIFEST = re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)")
_REFERRERS = re.compile(r"/v2/(?P<name>.+)/referrers/(?P<digest>[^/]+)")
_PIECE = 64 * 1024


class Pushes(msgspec.Struct, frozen=True, kw_only=True):
    """Who pushes meets these manners: each of them is one of some registry that people use."""

    mounts: bool = True
    """False: what another repository holds must be sent again (distribution-spec, «Mounting»)."""
    location: str = ""
    """An address that uploads are sent to in place of our own, such as a proxy's inner one."""
    announces: str = ""
    """A digest that is announced for every manifest in place of its own."""
    subject: bool = True
    """Whether OCI-Subject answers a manifest that is attached to another one, if the referrers API
    is there at all."""


class Pushed:
    """What is being pushed to one registry."""

    def __init__(self, content: Content) -> None:
        """Nothing yet; it ends up in `content`."""
        self._content = content
        self._started = 0
        self.cut_after: list[int] = []
        """For each of the next uploads, the bytes after which its connection ends."""

    @staticmethod
    def repository(request: web.BaseRequest) -> str:
        """Which repository is pushed to; empty where none is."""
        match = _UPLOAD.fullmatch(request.path) or _MANIFEST.fullmatch(request.path)
        return "" if match is None else match["name"]

    async def answer(
        self, request: web.BaseRequest, manners: Pushes, *, referrers: bool
    ) -> web.Response:
        """Take what is pushed."""
        if upload := _UPLOAD.fullmatch(request.path):
            if request.method == "POST" and not upload["id"]:
                return self._start(request, upload["name"], manners)
            if request.method == "PUT" and upload["id"]:
                return await self._finish(request, upload["name"])
        if request.method == "PUT" and _MANIFEST.fullmatch(request.path):
            subject = referrers and manners.subject
            return await self._manifest(request, manners, subject=subject)
        return problem(405, "UNSUPPORTED", "this registry does not do that")

    def _start(self, request: web.BaseRequest, name: str, manners: Pushes) -> web.Response:
        digest, other = request.query.get("mount", ""), request.query.get("from", "")
        body = self._content.blob(other, digest)
        if body is not None and manners.mounts:
            self._content.put_blob(name, body, digest=digest)
            place = f"/v2/{name}/blobs/{digest}"
            return web.Response(
                status=201, headers={"Location": place, "Docker-Content-Digest": digest}
            )
        self._started += 1
        place = f"{manners.location}/v2/{name}/blobs/uploads/{self._started}?_state=demo"
        return web.Response(status=202, headers={"Location": place, "Range": "0-0"})

    async def _finish(self, request: web.BaseRequest, name: str) -> web.Response:
        cut = self.cut_after.pop(0) if self.cut_after else None
        body = bytearray()
        while piece := await request.content.read(_PIECE):
            body += piece
            if cut is not None and len(body) > cut:
                if request.transport is not None:
                    request.transport.close()
                return problem(500, "UNKNOWN", "nobody hears this")
        digest = request.query.get("digest", "")
        if sha256(bytes(body)) != digest:
            return problem(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self._content.put_blob(name, bytes(body))
        return web.Response(
            status=201,
            headers={"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest},
        )

    async def _manifest(
        self, request: web.BaseRequest, manners: Pushes, *, subject: bool
    ) -> web.Response:
        name, _, reference = request.path.removeprefix("/v2/").rpartition("/manifests/")
        body = await request.read()
        digest = sha256(body)
        if ":" in reference and reference != digest:
            return problem(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        document: dict[str, Any] = msgspec.json.decode(body)
        if missing := self._missing(name, document):
            return problem(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", missing)
        tag = None if ":" in reference else reference
        kind = request.headers.get("Content-Type", "")
        self._content.put_manifest(name, body, kind, tag=tag)
        headers = {
            "Location": f"/v2/{name}/manifests/{digest}",
            "Docker-Content-Digest": manners.announces or digest,
        }
        if subject and "subject" in document:
            headers["OCI-Subject"] = document["subject"]["digest"]
        return web.Response(status=201, headers=headers)

    def _missing(self, name: str, document: dict[str, Any]) -> list[str]:
        """What a manifest names and the repository does not hold; foreign layers need not be."""
        blobs = [one for one in (document.get("config"), *document.get("layers", ())) if one]
        wanted = [one["digest"] for one in blobs if not one.get("urls")]
        missing = [digest for digest in wanted if self._content.blob(name, digest) is None]
        children = [one["digest"] for one in document.get("manifests", ())]
        return missing + [one for one in children if self._content.manifest(name, one) is None]


def referrers(content: Content, request: web.BaseRequest) -> tuple[str, web.Response] | None:
    """The repository, and an index of what is attached; None where nobody asks for it."""
    match = _REFERRERS.fullmatch(request.path)
    if match is None or request.method != "GET":
        return None
    name, subject = match.groups()
    held = content.repositories.get(name)
    stored = [] if held is None else list(held.manifests.values())
    entries = [entry for one in stored if (entry := _entry(one, subject)) is not None]
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return name, web.Response(body=msgspec.json.encode(body), headers={"Content-Type": OCI_INDEX})


def _entry(stored: Stored, subject: str) -> dict[str, Any] | None:
    try:
        document = msgspec.json.decode(stored.body)
    except msgspec.DecodeError:
        return None
    if not isinstance(document, dict) or document.get("subject", {}).get("digest") != subject:
        return None
    return {
        "mediaType": stored.media_type,
        "digest": stored.digest,
        "size": len(stored.body),
        "artifactType": document.get("artifactType") or document["config"]["mediaType"],
        "annotations": document.get("annotations", {}),
    }
