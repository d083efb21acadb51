"""The list of what is attached, kept under a tag that others write, too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import DIGEST
from tests.registry.scripted import HOME, Scripted, response
from webhook.demo.images import sha256
from webhook.errors import UnavailableError
from webhook.promote.attaching import INDEX_TYPE, list_under_tag
from webhook.registry.access import Access
from webhook.registry.exchange import Request, Response

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def entry(name: str) -> dict[str, Any]:
    digest = sha256(name.encode())
    return {"mediaType": MANIFEST, "digest": digest, "size": 1, "artifactType": f"x/{name}"}


class Tag:
    """A registry that holds one list; somebody else may write it after each of our writes."""

    def __init__(self, *others: bytes) -> None:
        self.body = b""
        self.others = list(others)
        self.written: list[bytes] = []
        self.transport = Scripted(self._answer)
        self.access = Access(self.transport, HOME, "prod/web")

    @property
    def listed(self) -> list[str]:
        return [one["digest"] for one in json.loads(self.body)["manifests"]]

    def _answer(self, request: Request) -> Response:
        tag = DIGEST.replace(":", "-")
        assert request.url.path in {
            f"/v2/prod/web/manifests/{tag}",
            f"/v2/prod/web/referrers/{DIGEST}",
        }
        if request.method == "PUT":
            self.body = request.body or b""
            self.written.append(self.body)
            if self.others:
                self.body = self.others.pop(0)
            return response(201)
        if not self.body or "referrers" in request.url.path:
            return response(404)
        return response(body=self.body, content_type=INDEX_TYPE)


def index(*entries: dict[str, Any], **more: Any) -> bytes:
    document = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list(entries)}
    return json.dumps(document | more).encode()


async def test_the_first_entry_makes_the_list() -> None:
    tag = Tag()
    await list_under_tag(tag.access, DIGEST, entry("a"))

    assert json.loads(tag.body) == json.loads(index(entry("a")))
    assert len(tag.written) == 1


async def test_what_stands_there_stays() -> None:
    tag = Tag()
    tag.body = index(entry("a"))
    await list_under_tag(tag.access, DIGEST, entry("b"))

    assert json.loads(tag.body)["manifests"] == [entry("a"), entry("b")]


async def test_what_is_listed_is_not_written_again() -> None:
    tag = Tag()
    tag.body = index(entry("a"))
    await list_under_tag(tag.access, DIGEST, entry("a"))

    assert tag.written == []


async def test_an_entry_that_somebody_overwrote_is_written_again() -> None:
    tag = Tag(index(entry("theirs")))
    await list_under_tag(tag.access, DIGEST, entry("ours"))

    assert tag.listed == [entry("theirs")["digest"], entry("ours")["digest"]]
    assert len(tag.written) == 2


async def test_who_overwrites_it_always_is_told_of() -> None:
    tag = Tag(*[index(entry("theirs"))] * 20)

    with pytest.raises(UnavailableError, match="is overwritten by somebody else"):
        await list_under_tag(tag.access, DIGEST, entry("ours"))
