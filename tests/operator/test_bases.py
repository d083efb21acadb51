"""Bases that are found among what runs, or that an image names, and what it has from them."""

from __future__ import annotations

import pytest

from tests.attesting import COMMIT, noted
from tests.layers.roots import layer, zipped
from tests.operator.facts_world import facts_world, until
from tests.operator.test_facts import keeping
from tests.operator.test_insides import BASE, ELF, LOOKING, SCRIPT, looked, recorded
from webhook.demo.images import Built, encode, manifest


def labelled(*layers: bytes, **labels: str) -> Built:
    """An image of these layers that says these things."""
    config = encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Entrypoint": ["/app"],
                "Labels": {f"org.opencontainers.image.{key}": text for key, text in labels.items()},
            },
        }
    )
    platform = {"os": "linux", "architecture": "amd64"}
    return manifest(config, [zipped(one) for one in layers], platform=platform)


async def test_a_recorded_image_below_is_the_base() -> None:
    """Without a word of the image itself: its lowest layers are those of one that runs."""
    low, high = layer(BASE), layer({"app": ELF})
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        base = world.registry.add("shop/base", labelled(low, revision=COMMIT, version="1"))
        world.pod("base", base, "shop/base")
        async with keeping(world, LOOKING):
            await until(lambda: looked(world, base))
            image = labelled(low, high, revision=COMMIT, version="2")
            digest = world.registry.add("shop/web", image)
            world.pod("web", digest)
            await until(lambda: looked(world, digest))
        (platform,) = recorded(world, digest).platforms

    assert platform.base is not None
    assert (platform.base.digest, platform.base.found) == (base, True)
    assert platform.base.labels == ("org.opencontainers.image.revision",)
    assert "commit" not in world.facts(digest)["spec"]


async def test_annotations_of_the_base_are_not_those_of_the_image() -> None:
    low, high = layer(BASE), layer({"app": ELF})
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        base = world.registry.add("shop/base", noted(labelled(low), revision=COMMIT))
        world.pod("base", base, "shop/base")
        async with keeping(world, LOOKING):
            await until(lambda: looked(world, base))
            made = noted(labelled(low, high), revision=COMMIT, source="https://github.com/acme/web")
            digest = world.registry.add("shop/web", made)
            world.pod("web", digest)
            await until(lambda: looked(world, digest))
        (platform,) = recorded(world, digest).platforms

    below, spec = world.facts(base)["spec"], world.facts(digest)["spec"]
    assert platform.base is not None
    assert platform.base.annotations == ("org.opencontainers.image.revision",)
    assert (below["commit"], below["commitFrom"]) == (COMMIT, "annotation")
    assert (spec["source"], spec["sourceFrom"]) == ("https://github.com/acme/web", "annotation")
    assert "commit" not in spec


@pytest.mark.parametrize("below", [True, False])
async def test_the_base_that_an_image_names_is_compared(*, below: bool) -> None:
    low, high = layer(BASE), layer({"app": ELF})
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        base = world.registry.add(
            "shop/base", labelled(low if below else layer(SCRIPT), revision=COMMIT)
        )
        said = {"base.name": f"{world.registry.host}/shop/base:12", "base.digest": base}
        digest = world.registry.add("shop/web", labelled(low, high, revision=COMMIT, **said))
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: looked(world, digest))
        (platform,) = recorded(world, digest).platforms

    assert platform.base is not None
    assert (platform.base.digest, platform.base.found) == (base, below)
    assert ("org.opencontainers.image.revision" in platform.base.labels) is below
    assert ("commit" in world.facts(digest)["spec"]) is not below
