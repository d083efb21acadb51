"""What is pushed is held: by digest, by tag, and in its own repository only."""

from __future__ import annotations

import pytest

from webhook.demo.content import Content
from webhook.demo.images import OCI_MANIFEST, image, index


def test_an_image_is_found_by_tag_and_by_digest() -> None:
    content = Content()

    digest = content.add("prod/web", image(), "1.0")

    by_tag, by_digest = content.manifest("prod/web", "1.0"), content.manifest("prod/web", digest)
    assert by_tag == by_digest
    assert by_tag is not None
    assert (by_tag.body, by_tag.media_type) == (image().manifest, OCI_MANIFEST)
    assert [content.blob("prod/web", one) is not None for one in (digest, "sha256:0")] == [0, 0]


def test_an_index_brings_everything_that_it_names() -> None:
    content = Content()
    built = index([image(), index([image(architecture="arm64")])], attestations=True)

    content.add("prod/web", built)

    def check(part: object) -> int:
        assert part is not None
        return 1

    nested = [*built.children, *built.children[1].children]
    assert sum(check(content.manifest("prod/web", one.digest)) for one in nested) == 5


def test_a_tag_moves() -> None:
    content = Content()
    content.add("prod/web", image(), "1.0")

    moved = content.add("prod/web", image(entrypoint=["/other"]), "1.0")

    found = content.manifest("prod/web", "1.0")
    assert found is not None
    assert found.digest == moved
    assert content.manifest("prod/web", image().digest) is not None


def test_one_repository_does_not_serve_what_another_holds() -> None:
    content = Content()
    content.add("prod/web", image(), "1.0")
    blob = content.put_blob("prod/web", b"bytes")

    assert content.manifest("preprod/web", "1.0") is None
    assert content.blob("preprod/web", blob) is None
    assert content.tags("preprod/web") is None


def test_bytes_are_held_under_a_false_digest_if_somebody_wants_it() -> None:
    content = Content()
    false = "sha256:" + "0" * 64

    content.put_manifest("prod/web", b"{}", OCI_MANIFEST, tag="1.0", digest=false)
    content.put_blob("prod/web", b"{}", digest=false)

    found = content.manifest("prod/web", "1.0")
    assert found is not None
    assert found.digest == false
    assert content.blob("prod/web", false) == b"{}"


def test_what_is_removed_is_gone() -> None:
    content = Content()
    digest = content.add("prod/web", image(), "1.0")
    content.add("prod/web", image(), "0.9")

    assert content.tags("prod/web") == ["0.9", "1.0"]
    content.remove("prod/web", "1.0")
    assert content.tags("prod/web") == ["0.9"]
    content.remove("prod/web", digest)
    assert content.manifest("prod/web", "0.9") is None
    content.remove("prod/web")
    assert content.tags("prod/web") is None


@pytest.mark.parametrize("place", [("prod/web", "2.0"), ("prod/other", ""), ("prod/other", "1.0")])
def test_what_is_not_there_cannot_be_removed(place: tuple[str, str]) -> None:
    content = Content()
    content.add("prod/web", image(), "1.0")

    with pytest.raises(KeyError):
        content.remove(*place)
