"""The mirror of a Registry: asked first, with logins of its own, in the name that was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.registry.asking import APP, ARM, CONFIG, client, configured, why
from webhook.core.facts import Reason
from webhook.core.image import ImageRef
from webhook.core.registries import MirrorSettings, Registry
from webhook.demo.faults import Fault
from webhook.demo.login import BasicLogin, TokenLogin
from webhook.demo.registry import DemoRegistry
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.credentials import Basic
from webhook.registry.mirrors import places

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("host", "path", "mirror", "image", "there"),
    [
        ("docker.io", (), "m.example/hub", "nginx:1", "m.example/hub/library/nginx:1"),
        ("docker.io", (), "m.example", f"a/b@{DIGEST}", f"m.example/a/b@{DIGEST}"),
        ("r.example", ("prod",), "m.example:5000", "r.example/prod/a:1", "m.example:5000/a:1"),
        ("r.example", ("prod",), "m.example/x", "r.example/prod/a/b", "m.example/x/a/b"),
        ("r.example", (), "m.example", f"r.example/a:1@{DIGEST}", f"m.example/a@{DIGEST}"),
    ],
)
def test_it_stands_in_the_place_of_host_and_path(
    host: str, path: tuple[str, ...], mirror: str, image: str, there: str
) -> None:
    ref = ImageRef.parse(image)
    registry = Registry(name="r", host=host, path=path, mirror=mirror, token_realm="t.example")

    first, second = places(ref, registry)

    assert first.ref == ImageRef.parse(there)
    assert (first.registry.host, first.registry.token_realm) == (first.ref.host, "")
    assert (second.ref, second.registry) == (ref, registry)


def test_without_a_mirror_or_where_the_name_gets_too_long_there_is_one_place() -> None:
    long = ImageRef.parse("r.example/" + "a" * 200)

    assert len(places(long, Registry(name="r", host="r.example"))) == 1
    assert (
        len(places(long, Registry(name="r", host="r.example", mirror="m.example/" + "b" * 99))) == 1
    )


def test_its_own_settings_take_the_place_of_those_of_its_registry() -> None:
    ref = ImageRef.parse("r.example/a:1")
    registry = Registry(name="r", host="r.example", mirror="m.example", ca_bundle="theirs")
    own = MirrorSettings(allow_private_addresses=True, ca_bundle="ours")
    shared, _ = places(ref, registry)
    mirror, origin = places(ref, replace(registry, mirror_settings=own))

    assert (shared.registry.ca_bundle, shared.registry.allow_private_addresses) == ("theirs", False)
    assert (mirror.registry.ca_bundle, mirror.registry.allow_private_addresses) == ("ours", True)
    assert (origin.registry.ca_bundle, origin.registry.allow_private_addresses) == ("theirs", False)


async def test_a_private_mirror_makes_no_registry_private() -> None:
    async with DemoRegistry() as origin, DemoRegistry() as mirror, client() as asked:
        mirror.add("web", APP, tag="1.0")
        origin.add("web", APP, tag="2.0")
        own = MirrorSettings(allow_private_addresses=True, plain_http=True)
        registry = Registry(
            name="r", host=origin.host, plain_http=True, mirror=mirror.host, mirror_settings=own
        )
        found = await asked.facts(ImageRef.parse(origin.name("web", "1.0")), CONFIG, registry)
        with pytest.raises(UnavailableError, match="it must not be contacted"):
            await asked.facts(ImageRef.parse(origin.name("web", "2.0")), CONFIG, registry)

    assert found.complete
    assert origin.lines() == []


async def test_the_mirror_answers_for_the_name_that_was_written() -> None:
    async with DemoRegistry() as origin, DemoRegistry() as mirror, client() as asked:
        digest = mirror.add("cache/prod/web", APP, tag="1.0")
        ref = ImageRef.parse(origin.name("prod/web", "1.0"))
        registry = configured(origin.host, mirror=f"{mirror.host}/cache")

        found = await asked.facts(ref, CONFIG, registry)

        assert (found.digest, found.source, found.complete) == (digest, origin.host, True)
        assert origin.lines() == []


@pytest.mark.parametrize("trouble", ["missing", "down", "closed"])
async def test_the_registry_is_asked_where_its_mirror_does_not_serve(trouble: str) -> None:
    async with DemoRegistry() as origin, DemoRegistry() as mirror, client() as asked:
        digest = origin.add("prod/web", APP, tag="1.0")
        if trouble == "down":
            mirror.fault("*", Fault(status=503), times=99)
        if trouble == "closed":
            mirror.login = BasicLogin()
        ref = ImageRef.parse(origin.name("prod/web", "1.0"))

        found = await asked.facts(ref, CONFIG, configured(origin.host, mirror=mirror.host))

    assert found.digest == digest


async def test_where_both_fail_both_are_told() -> None:
    async with DemoRegistry() as origin, DemoRegistry() as mirror:
        mirror.login = BasicLogin()
        refused = await why(origin.name("prod/web", "1.0"), mirror=mirror.host)

    assert refused.reason is Reason.NOT_FOUND
    assert f"{origin.host} does not serve prod/web:1.0" in str(refused)
    assert f"; its mirror: {mirror.host} does not serve" in str(refused)


async def test_a_mirror_that_serves_other_bytes_is_not_excused() -> None:
    async with DemoRegistry() as origin, DemoRegistry() as mirror, client() as asked:
        digest = origin.add("prod/web", APP)
        mirror.add("prod/web", APP)
        mirror.fault(mirror.path("prod/web", digest), Fault(body=ARM.manifest), times=9)
        registry = configured(origin.host, mirror=mirror.host)

        with pytest.raises(BadContentError):
            await asked.facts(ImageRef.parse(origin.name("prod/web", digest)), CONFIG, registry)


@pytest.mark.parametrize("login", [BasicLogin(), TokenLogin(private=("",))])
async def test_each_of_them_sees_its_own_login_only(
    login: BasicLogin | TokenLogin, tmp_path: Path
) -> None:
    async with DemoRegistry(login=login) as origin, DemoRegistry() as mirror, client() as asked:
        mirror.login = BasicLogin(user="of-mirror", password="m")
        digest = origin.add("prod/web", APP)
        auths = {
            origin.host: {"username": "robot", "password": "sesame"},
            mirror.host: {"username": "of-mirror", "password": "m"},
        }
        file = tmp_path / "config.json"
        file.write_text(json.dumps({"auths": auths}))
        registry = configured(origin.host, mirror=mirror.host, docker_config_file=str(file))

        ref = ImageRef.parse(origin.name("prod/web", digest))
        found = await asked.facts(ref, CONFIG, registry)

        seen = {one.headers.get("authorization", "") for one in mirror.requests}
        theirs = {one.headers.get("authorization", "") for one in origin.requests}
    assert found.complete
    assert seen == {"", Basic("of-mirror", "m").header()}
    assert Basic("of-mirror", "m").header() not in theirs
