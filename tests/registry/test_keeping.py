"""What is asked for once is kept, and what is kept is only used where it was named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.registry.scripted import HOME, Scripted, response
from webhook.errors import RegistryError
from webhook.registry.cache import Memory, Pinned
from webhook.registry.content import Served, digest_of
from webhook.registry.disk import Disk
from webhook.registry.keeping import Keeping
from webhook.registry.manifests import Descriptor
from webhook.registry.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from webhook.registry.exchange import Request, Response

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BODY = b'{"schemaVersion": 2}'
IMAGE = Pinned("registry.example.com", "a/b", digest_of(BODY))
CONFIG = json.dumps({"os": "linux", "architecture": "amd64", "config": {"Cmd": ["a"]}}).encode()
CONFIG_ENTRY = Descriptor(MANIFEST, digest_of(CONFIG), len(CONFIG))
ENTRY = Descriptor(MANIFEST, IMAGE.digest, len(BODY))


class Kept:
    """A keeping, and the registry that it asks."""

    def __init__(self, disk: Disk | None = None) -> None:
        self.registry = Scripted(self._answer)
        memory = Memory(lambda: 0.0, max_bytes=10**6, tag_seconds=1.0, failure_seconds=1.0)
        repository = Repository(self.registry, HOME, "a/b", 9.0)
        self.keeping = Keeping(repository, memory, disk)

    @staticmethod
    def _answer(request: Request) -> Response:
        bodies = {IMAGE.digest: BODY, CONFIG_ENTRY.digest: CONFIG}
        body = bodies.get(request.url.path.rpartition("/")[2])
        if body is None:
            return response(404)
        return response(body=body, content_type=MANIFEST)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path, max_bytes=10**6)


async def test_without_a_disk_manifests_are_asked_for_each_time_and_configs_once() -> None:
    kept = Kept()
    for _ in range(2):
        assert (await kept.keeping.top(IMAGE)).body == BODY
        assert await kept.keeping.manifest(ENTRY) == BODY
        assert (await kept.keeping.config(CONFIG_ENTRY)).cmd == ("a",)
        await kept.keeping.note(IMAGE, Served(IMAGE.digest, MANIFEST, BODY))

    assert len(kept.registry.sent) == 5


async def test_parts_on_disk_are_asked_for_once_by_all_processes(disk: Disk) -> None:
    first = Kept(disk)
    assert await first.keeping.manifest(ENTRY) == BODY
    assert (await first.keeping.config(CONFIG_ENTRY)).cmd == ("a",)
    second = Kept(disk)
    assert await second.keeping.manifest(ENTRY) == BODY
    assert (await second.keeping.config(CONFIG_ENTRY)).cmd == ("a",)

    assert len(first.registry.sent) == 2
    assert second.registry.sent == []


async def test_an_image_is_taken_from_disk_only_after_it_was_found_good_there(disk: Disk) -> None:
    first = Kept(disk)
    served = await first.keeping.top(IMAGE)
    second = Kept(disk)
    await second.keeping.top(IMAGE)
    await second.keeping.note(IMAGE, served)
    third = Kept(disk)

    assert await third.keeping.top(IMAGE) == served
    assert (len(second.registry.sent), len(third.registry.sent)) == (1, 0)


async def test_one_repository_proves_nothing_about_another(disk: Disk) -> None:
    first = Kept(disk)
    await first.keeping.note(IMAGE, await first.keeping.top(IMAGE))
    other = Kept(disk)
    await other.keeping.top(Pinned(IMAGE.host, "private/c", IMAGE.digest))

    assert len(other.registry.sent) == 1


async def test_bytes_of_another_size_than_announced_are_asked_for_again(disk: Disk) -> None:
    disk.keep(ENTRY.digest, BODY)
    kept = Kept(disk)
    announced = Descriptor(MANIFEST, ENTRY.digest, len(BODY) + 1)
    with pytest.raises(RegistryError, match="has 20 bytes and not 21"):
        await kept.keeping.manifest(announced)

    assert len(kept.registry.sent) == 1


async def test_what_is_nowhere_is_an_error_and_nothing_is_kept(disk: Disk) -> None:
    kept = Kept(disk)
    missing = digest_of(b"missing")
    with pytest.raises(RegistryError):
        await kept.keeping.top(Pinned(IMAGE.host, "a/b", missing))

    assert disk.blob(missing) is None
