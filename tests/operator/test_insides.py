"""What the operator finds in layers, and where it is written."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from tests.attesting import COMMIT, SLSA_02, SPDX, attach, buildkit, slsa_02, spdx
from tests.layers.roots import Content, layer, zipped
from tests.operator.facts_world import QUICK, World, facts_world, until
from tests.operator.test_facts import keeping
from webhook.cluster.kinds import IMAGE_CONTENTS
from webhook.core.build import Build, Place, Voucher
from webhook.core.contents import Contents, packages_in
from webhook.core.facts import ImageFacts
from webhook.core.recorded import RecordedSpec, facts_of, name_of
from webhook.demo.images import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Built, encode, manifest, sha256
from webhook.operator.facts_steps import FactsOptions

LOOKING = msgspec.structs.replace(QUICK, looks_at_once=1)
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
BASE: dict[str, Content] = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "var/lib/dpkg/status": "Package: openssl\nStatus: install ok installed\nVersion: 3.0.1-1\n"
    "Architecture: amd64\n",
    "bin/sh": ELF,
    "usr/bin/tini": ELF,
}
SCRIPT: dict[str, Content] = {"start.sh": '#!/bin/sh\nexec tini -- "$@"\n', "app": ELF}


def built(
    *layers: bytes, entrypoint: tuple[str, ...] = ("/start.sh", "/app"), **settings: Any
) -> Built:
    """An image of these layers; settings are those of its config."""
    config = encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": list(entrypoint)} | settings,
            "rootfs": {"type": "layers", "diff_ids": [sha256(one) for one in layers]},
        }
    )
    packed = [zipped(one) for one in layers]
    return manifest(
        config,
        packed,
        OCI_MANIFEST,
        OCI_CONFIG,
        OCI_LAYER,
        platform={"os": "linux", "architecture": "amd64"},
    )


def contents(world: World, digest: str) -> Any:
    return world.server.get(IMAGE_CONTENTS.path(), name_of(digest))


def looked(world: World, digest: str) -> bool:
    return bool((world.facts(digest) or {}).get("spec", {}).get("inside"))


def has_users(world: World, digest: str, count: int) -> bool:
    return bool(world.facts(digest).get("status", {}).get("usedBy", {}).get("count") == count)


def recorded(world: World, digest: str) -> ImageFacts:
    spec = msgspec.convert(world.facts(digest)["spec"], RecordedSpec)
    found = facts_of(name_of(digest), spec)
    assert found is not None
    return found


async def test_what_lies_in_the_layers_is_recorded_and_judged_from() -> None:
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        digest = world.registry.add("shop/web", built(layer(BASE), layer(SCRIPT)))
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: looked(world, digest))
        (platform,) = recorded(world, digest).platforms

    spec = world.facts(digest)["spec"]
    assert spec["os"] == "Debian GNU/Linux 12 (bookworm)"
    assert spec["pid1"] == "init tini: /start.sh /app"
    assert platform.inside is not None
    assert platform.inside.packages == 1
    listed = msgspec.convert(contents(world, digest)["spec"], Contents)
    assert [(one.name, one.version) for one in packages_in(listed) or ()] == [
        ("openssl", "3.0.1-1")
    ]
    assert (listed.count, listed.truncated, listed.platform) == (1, False, "linux/amd64")
    assert len(msgspec.json.encode(spec)) < 3 * 1024


async def test_layers_that_images_share_are_read_once() -> None:
    bases = [layer({**BASE, "usr/bin/tini": ELF + bytes([n])}) for n in range(5)]
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        digests = [
            world.registry.add(
                "shop/web",
                built(
                    bases[n % 5],
                    layer({"app": ELF + bytes([n])}),
                    entrypoint=("/usr/bin/tini", "--", "/app"),
                ),
            )
            for n in range(50)
        ]
        for digest in digests:
            world.pod(digest[7:20], digest)
        async with keeping(world, LOOKING):
            await until(lambda: all(looked(world, one) for one in digests), 180)
        asked = [
            sum(sha256(zipped(one)) in line for line in world.registry.lines()) for one in bases
        ]

    assert asked == [1] * 5


async def test_what_cannot_be_looked_into_says_why_and_stays_unknown() -> None:
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        digest = world.registry.add("shop/web", built(layer({"../../etc/passwd": "x"})))
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: contents(world, digest))
            told = contents(world, digest)["spec"]["problem"]

    assert "leads out of its place" in told
    assert "inside" not in world.facts(digest)["spec"]


async def test_a_reason_that_cannot_be_written_ends_nothing() -> None:
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        world.server.refuse("POST", "imagecontents", 500, times=1)
        digest = world.registry.add("shop/web", built(layer({"../../etc/passwd": "x"})))
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: world.facts(digest))
            other = world.registry.add("shop/web", built(layer(BASE), layer(SCRIPT)))
            world.pod("other", other)
            await until(lambda: looked(world, other))

    assert contents(world, digest) is None


async def test_what_cannot_be_looked_into_is_not_read_whenever_its_pods_come_and_go() -> None:
    hostile = layer({"../../etc/passwd": "x"})
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        digest = world.registry.add("shop/web", built(hostile))
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: contents(world, digest))
            for number in range(2, 5):
                world.pod(f"web-{number}", digest)
                await until(partial(has_users, world, digest, number))
            # What comes after it has its turn after it.
            other = world.registry.add("shop/web", built(layer(BASE), layer(SCRIPT)))
            world.pod("other", other)
            await until(lambda: looked(world, other))
        asked = sum(sha256(zipped(hostile)) in line for line in world.registry.lines())

    assert asked == 1


async def test_switched_off_no_layer_is_read() -> None:
    async with facts_world() as world:
        digest = world.registry.add("shop/web", built(layer(BASE), layer(SCRIPT)))
        world.pod("web", digest)
        async with keeping(world, msgspec.structs.replace(QUICK, looks_at_once=0)):
            await until(lambda: world.reason(digest) == "Learned")
        asked = [line for line in world.registry.lines() if sha256(zipped(layer(BASE))) in line]

    assert asked == []
    assert "inside" not in world.facts(digest)["spec"]


async def test_what_somebody_else_wrote_about_layers_does_not_stay() -> None:
    async with facts_world() as world:
        digest = world.push()
        world.pod("web", digest)
        async with keeping(world):
            await until(lambda: world.reason(digest) == "Learned")
            forged = world.facts(digest)
            forged["spec"]["inside"] = [{"platform": "linux/amd64", "inside": {"packages": 7}}]
            world.server.put(
                "/apis/cocket.dev/v1alpha1/imagefacts", name_of(digest), spec=forged["spec"]
            )
            await until(lambda: not world.facts(digest)["spec"].get("inside"))


async def test_without_room_the_list_that_is_unused_for_longest_goes() -> None:
    options: FactsOptions = msgspec.structs.replace(LOOKING, contents_bytes=60)
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        first, second = (
            world.registry.add("shop/web", built(layer({**BASE, "app": ELF + bytes([n])})))
            for n in (1, 2)
        )
        world.pod("one", first)
        async with keeping(world, options):
            await until(lambda: contents(world, first))
            world.pod("two", second)
            await until(lambda: contents(world, second))

    assert contents(world, first) is None


async def test_an_sbom_in_the_index_lists_the_packages_and_layers_the_programs() -> None:
    image = built(layer(BASE), layer(SCRIPT))
    attested = buildkit(image, (SPDX, spdx()), (SLSA_02, slsa_02()))
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        digest = world.registry.add("shop/web", attested)
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: looked(world, digest))
            await until(lambda: contents(world, digest))
        (platform,) = recorded(world, digest).platforms

    spec = world.facts(digest)["spec"]
    assert spec["pid1"] == "init tini: /start.sh /app"
    assert spec["os"] == "debian 12"
    assert (spec["commit"], spec["commitFrom"], spec["agreement"]) == (COMMIT, "build", "untold")
    assert spec["made"][0]["build"]["commit"] == COMMIT
    assert platform.build == Build(
        voucher=Voucher(Place.INDEX),
        commit=COMMIT,
        source="https://github.com/acme/web",
        builder="https://ci.example.com/runs/7",
    )
    assert platform.inside is not None
    assert (platform.inside.source, platform.inside.voucher) == ("sbom", Voucher(Place.INDEX))
    listed = msgspec.convert(contents(world, digest)["spec"], Contents)
    assert (listed.source, listed.voucher) == ("sbom", "in its index, not signed")
    assert [one.name for one in packages_in(listed) or ()] == ["openssl", "libssl3", "@babel/core"]
    assert len(msgspec.json.encode(spec)) < 3 * 1024


async def test_what_anybody_attached_does_not_stand_in_for_layers() -> None:
    image = built(layer(BASE), layer(SCRIPT))
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        world.registry.referrers = True
        digest = world.registry.add("shop/web", image)
        attach(world.registry, "shop/web", image, encode(spdx()), "application/spdx+json")
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: contents(world, digest))

    listed = msgspec.convert(contents(world, digest)["spec"], Contents)
    assert [one.version for one in packages_in(listed) or ()] == ["3.0.1-1"]
    assert listed.source == "layers"


async def test_packages_of_an_sbom_are_listed_where_layers_cannot_be_read() -> None:
    image = built(layer({"../../etc/passwd": "x"}))
    async with facts_world() as world:
        world.server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        digest = world.registry.add("shop/web", buildkit(image, (SPDX, spdx())))
        world.pod("web", digest)
        async with keeping(world, LOOKING):
            await until(lambda: contents(world, digest))

    listed = msgspec.convert(contents(world, digest)["spec"], Contents)
    assert "openssl" in [one.name for one in packages_in(listed) or ()]
    assert "leads out of its place" in listed.problem
