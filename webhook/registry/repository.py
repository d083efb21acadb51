"""One repository of one registry, asked for the parts of an image (distribution-spec, «Pull»)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.image import is_digest
from webhook.core.printable import printable
from webhook.registry.bodies import good
from webhook.registry.content import Served, check_digest, digest_of
from webhook.registry.documents import bad
from webhook.registry.exchange import Request, Response, Sink, Transport
from webhook.registry.failures import failure
from webhook.registry.manifests import INDEX_TYPES, MANIFEST_TYPES, MAX_MANIFEST, bare
from webhook.registry.url import Origin, Url

if TYPE_CHECKING:
    from webhook.registry.manifests import Descriptor

# All of them, always: distribution 2.8 answers 404 for what is not named, or converts it.
_ACCEPT = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))
_OK = 200
_NOT_FOUND = 404
_LIMITED = 429


class Repository:
    """Asks for manifests and blobs; compares them with what was asked for."""

    def __init__(
        self, transport: Transport, origin: Origin, repository: str, deadline: float
    ) -> None:
        """Ask through `transport`, which logs in; answers after `deadline` help nobody."""
        self._transport = transport
        self._origin = origin
        self._repository = repository
        self._deadline = deadline

    async def by_tag(self, tag: str) -> Served:
        """What a tag points to now; its digest is computed, not believed.

        Raises:
            RegistryError: it was not served, or other bytes than announced.
        """
        response = await self._manifest(tag, MAX_MANIFEST)
        return self._served(response, digest_of(response.body), f"tag {tag}")

    async def announced(self, tag: str) -> str | None:
        """The digest that the registry announces for a tag; None where a GET has to find out.

        A HEAD is no pull to Docker Hub, and costs no registry much. What it says is worth as much
        as a tag is: whatever is judged is asked for by this digest, and compared.

        Raises:
            RegistryError: there was no answer, or it wants to be asked later.
        """
        request = Request(
            method="HEAD",
            url=Url(self._origin, f"/v2/{self._repository}/manifests/{tag}"),
            accept=_ACCEPT,
            max_bytes=MAX_MANIFEST,
            deadline=self._deadline,
        )
        response = await self._transport.send(request)
        if response.status == _LIMITED:
            raise failure(response, f"{self._repository}:{tag}")
        if response.status != _OK:
            return None
        said = set(response.all("docker-content-digest"))
        digest = said.pop() if len(said) == 1 else ""
        return digest if is_digest(digest) else None

    async def by_digest(self, digest: str) -> Served:
        """The manifest or index of a digest.

        Raises:
            RegistryError: it was not served, or other bytes than asked for.
        """
        response = await self._manifest(digest, MAX_MANIFEST)
        check_digest(response.body, digest, "the manifest")
        return self._served(response, digest, "the manifest")

    async def manifest(self, entry: Descriptor) -> bytes:
        """The manifest that an entry of an index names.

        Raises:
            RegistryError: it was not served, or other bytes or another type than the entry says.
        """
        served = await self._manifest(entry.digest, entry.size)
        _check(served.body, entry, "a manifest of the index")
        kind = bare(served.header("content-type") or "")
        if kind != entry.media_type:
            raise bad(
                f"the index says {entry.media_type!r} of a manifest, the registry says "
                f"{printable(kind, 80)!r}: tools would take it for two different things"
            )
        return served.body

    async def config(self, descriptor: Descriptor) -> bytes:
        """The config that a manifest names.

        Raises:
            RegistryError: it was not served, or other bytes than the manifest says.
        """
        return await self.blob(descriptor, "the image config")

    async def holds(self, place: str) -> bool:
        """Whether `manifests/REFERENCE` or `blobs/DIGEST` is there; its bytes are not asked for.

        Raises:
            RegistryError: it was not said.
        """
        response = await self._head(place)
        if response.status not in {_OK, _NOT_FOUND}:
            raise failure(response, f"{self._repository}/{place}")
        return response.status == _OK

    async def digest_of_tag(self, tag: str) -> str:
        """The digest that a registry announces for a tag, to be compared and not to be believed.

        Empty where there is no such tag, or where the registry announces none.

        Raises:
            RegistryError: it was not said.
        """
        response = await self._head(f"manifests/{tag}")
        if response.status not in {_OK, _NOT_FOUND}:
            raise failure(response, f"{self._repository}:{tag}")
        said = response.header("docker-content-digest") or ""
        return said if response.status == _OK and is_digest(said) else ""

    async def blob(self, descriptor: Descriptor, what: str) -> bytes:
        """A small blob, whole.

        Raises:
            RegistryError: it was not served, or other bytes than the descriptor says.
        """
        path = f"/v2/{self._repository}/blobs/{descriptor.digest}"
        response = await self._get(path, "*/*", descriptor.size, what)
        _check(response.body, descriptor, what)
        return response.body

    async def stream(
        self, digest: str, size: int, sink: Sink, silence: float, skip: int = 0
    ) -> None:
        """A blob of any size, piece by piece; whoever takes the pieces compares the digest.

        Args:
            digest: of the blob.
            size: bytes, as a manifest says; more are not taken.
            sink: takes the pieces in order.
            silence: seconds without a byte that are borne.
            skip: bytes that the sink has already; a registry that cannot begin behind them sends
                them once more, and the sink does not see them.

        Raises:
            RegistryError: it was not served.
        """
        request = Request(
            url=Url(self._origin, f"/v2/{self._repository}/blobs/{digest}"),
            max_bytes=size,
            deadline=self._deadline,
            sink=sink,
            silence=silence,
            skip=skip,
        )
        response = await self._transport.send(request)
        if not good(response.status, request):
            raise failure(response, f"blob {digest[:19]}… of {self._repository}")

    async def _head(self, place: str) -> Response:
        request = Request(
            method="HEAD",
            url=Url(self._origin, f"/v2/{self._repository}/{place}"),
            accept=_ACCEPT if place.startswith("manifests/") else "*/*",
            max_bytes=0,
            deadline=self._deadline,
        )
        return await self._transport.send(request)

    async def _manifest(self, reference: str, limit: int) -> Response:
        path = f"/v2/{self._repository}/manifests/{reference}"
        what = f"{self._repository}{'@' if ':' in reference else ':'}{reference}"
        return await self._get(path, _ACCEPT, limit, what)

    async def _get(self, path: str, accept: str, limit: int, what: str) -> Response:
        request = Request(
            url=Url(self._origin, path),
            accept=accept,
            max_bytes=limit,
            deadline=self._deadline,
        )
        response = await self._transport.send(request)
        if response.status != _OK:
            raise failure(response, what)
        return response

    def _served(self, response: Response, digest: str, what: str) -> Served:
        """The answer, if the registry itself says the same digest of it."""
        algorithm = digest.partition(":")[0]
        for said in response.all("docker-content-digest"):
            # Another algorithm than asked for is legal, and says nothing to compare.
            same = said.partition(":")[0] == algorithm
            if (same or not is_digest(said)) and said != digest:
                raise bad(f"{what}: the registry announced another digest than it served")
        return Served(digest, response.header("content-type") or "", response.body)


def _check(body: bytes, descriptor: Descriptor, what: str) -> None:
    if len(body) != descriptor.size:
        raise bad(f"{what} has {len(body)} bytes and not {descriptor.size}, as was announced")
    check_digest(body, descriptor.digest, what)
