"""Whose pull secret opens what, and that nobody else is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import pod
from tests.registry.asking import CONFIG, client, configured, docker_config
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.pull_secret import PullSecret
from webhook.core.registries import Registries
from webhook.demo.images import image
from webhook.demo.login import BasicLogin, TokenLogin
from webhook.demo.registry import DemoRegistry
from webhook.registry.credentials import MAX_FILE, Basic
from webhook.registry.given import GivenFacts
from webhook.registry.limits import Limits
from webhook.registry.source import RegistrySource
from webhook.registry.tenant import Tenant

if TYPE_CHECKING:
    from webhook.core.workload import Workload
    from webhook.registry.client import RegistryClient

PASSWORD = "sesame"
WEB = image(entrypoint=["/app"], labels={"of": "a"})


def secret(name: str, place: str, password: str = PASSWORD) -> PullSecret:
    auths = {place: {"username": "robot", "password": password}}
    return PullSecret(name, json.dumps({"auths": auths}).encode())


class Cluster:
    """Pull secrets by namespace, and how often they were asked for."""

    def __init__(self, **secrets: list[PullSecret]) -> None:
        self.secrets = secrets
        self.asked: list[str] = []

    async def of(self, workload: Workload) -> Sequence[PullSecret]:
        self.asked.append(workload.namespace)
        return self.secrets.get(workload.namespace, [])


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def source(
    registry: DemoRegistry, asked: RegistryClient, cluster: Cluster | None, file: str = ""
) -> RegistrySource:
    registries = Registries([configured(registry.host, docker_config_file=file)])
    return RegistrySource(
        registries=lambda: registries,
        client=asked,
        given=GivenFacts(),
        pull_secrets=None if cluster is None else cluster.of,
    )


@pytest.mark.parametrize("login", [BasicLogin(), TokenLogin(private=("",))])
@pytest.mark.parametrize("by", ["tag", "digest"])
async def test_what_one_tenants_login_opened_is_no_answer_to_another(
    login: BasicLogin | TokenLogin, by: str, tmp_path: Path
) -> None:
    async with DemoRegistry(login=login) as registry, client(tmp_path) as asked:
        digest = registry.add("a/web", WEB, tag="1")
        ref = ImageRef.parse(registry.name("a/web", "1" if by == "tag" else digest))
        facts = source(registry, asked, Cluster(a=[secret("a/regcred", registry.host)]))

        opened = await facts.learn(ref, CONFIG, pod(namespace="a"))
        other = await facts.learn(ref, CONFIG, pod(namespace="b"))
        at_once = facts.known(ref, CONFIG)
        asked_before = len(registry.requests)
        again = await facts.learn(ref, CONFIG, pod(namespace="a"))
        asked_after = len(registry.requests)

    assert isinstance(opened, ImageFacts)
    assert opened.complete
    assert isinstance(other, Unknown)
    assert other.reason is Reason.UNAUTHORIZED
    assert at_once is None  # it depends on who asks
    assert again == opened
    assert asked_after == asked_before
    assert written(tmp_path) == []  # nothing of it is on disk


async def test_who_holds_the_same_login_shares_the_answer() -> None:
    async with DemoRegistry(login=BasicLogin()) as registry, client() as asked:
        ref = ImageRef.parse(registry.name("a/web", registry.add("a/web", WEB)))
        cluster = Cluster(
            a=[secret("a/regcred", registry.host)], b=[secret("b/other", registry.host)]
        )
        facts = source(registry, asked, cluster)

        first = await facts.learn(ref, CONFIG, pod(namespace="a"))
        before = len(registry.requests)
        second = await facts.learn(ref, CONFIG, pod(namespace="b"))

        assert first == second
        assert isinstance(first, ImageFacts)
        assert len(registry.requests) == before


async def test_a_tenants_manifest_cannot_fetch_parts_that_another_login_opened() -> None:
    """The config of A's image, named by a manifest of B's own: only its registry may serve it."""
    async with DemoRegistry(login=BasicLogin()) as registry, client() as asked:
        registry.add("a/web", WEB, tag="1")
        stolen = registry.put_manifest("b/thief", WEB.manifest, WEB.media_type, tag="1")
        facts = source(
            registry,
            asked,
            Cluster(
                a=[secret("a/regcred", registry.host)],
                b=[secret("b/regcred", registry.host + "/b")],
            ),
        )
        opened = await facts.learn(
            ImageRef.parse(registry.name("a/web", "1")), CONFIG, pod(namespace="a")
        )
        thief = await facts.learn(
            ImageRef.parse(registry.name("b/thief", stolen)), CONFIG, pod(namespace="b")
        )

    assert isinstance(opened, ImageFacts)
    assert isinstance(thief, Unknown)
    assert thief.reason is Reason.NOT_FOUND


async def test_a_wrong_one_has_its_own_sentence() -> None:
    async with DemoRegistry(login=BasicLogin()) as registry, client() as asked:
        ref = ImageRef.parse(registry.name("a/web", registry.add("a/web", WEB)))
        wrong = Cluster(a=[secret("a/regcred", registry.host, "guess")])

        found = await source(registry, asked, wrong).learn(ref, CONFIG, pod(namespace="a"))

        assert found == Unknown(
            Reason.UNAUTHORIZED,
            f"the pull secret a/regcred was refused by {registry.host}: 401 unauthorized",
        )


async def test_what_the_registrys_own_login_opens_asks_for_no_pull_secret(tmp_path: Path) -> None:
    async with DemoRegistry(login=BasicLogin()) as registry, client() as asked:
        ref = ImageRef.parse(registry.name("a/web", registry.add("a/web", WEB)))
        cluster = Cluster()
        file = docker_config(tmp_path, **{registry.host: "sesame"})

        found = await source(registry, asked, cluster, file).learn(ref, CONFIG, pod(namespace="a"))

        assert isinstance(found, ImageFacts)
        assert cluster.asked == []


async def test_a_secret_for_another_place_is_not_sent_here() -> None:
    limits = Limits(failure_seconds=0)
    async with DemoRegistry(login=BasicLogin()) as registry, client(limits=limits) as asked:
        ref = ImageRef.parse(registry.name("a/web", registry.add("a/web", WEB)))
        cluster = Cluster(
            a=[
                secret("a/other", "registry.example.com"),
                secret("a/path", f"{registry.host}/b"),
                PullSecret("a/gone", problem="the pull secret a/gone is not there"),
                PullSecret("a/broken", b"{"),
                PullSecret("a/long", b" " * (MAX_FILE + 1)),
            ]
        )

        found = await source(registry, asked, cluster).learn(ref, CONFIG, pod(namespace="a"))

        assert all("authorization" not in one.headers for one in registry.requests)
    assert isinstance(found, Unknown)
    assert found.reason is Reason.UNAUTHORIZED
    assert "the pull secret a/gone is not there" in found.detail
    assert "the pull secret a/broken cannot be used: no Docker config file" in found.detail
    assert "the pull secret a/long is longer than" in found.detail


async def test_without_the_right_to_read_them_nothing_changes() -> None:
    async with DemoRegistry(login=BasicLogin()) as registry, client() as asked:
        ref = ImageRef.parse(registry.name("a/web", registry.add("a/web", WEB)))
        facts = source(registry, asked, None)

        found = await facts.learn(ref, CONFIG, pod(namespace="a"))

        assert facts.known(ref, CONFIG) == found


def test_a_login_that_several_secrets_hold_is_tried_once() -> None:
    tenant = Tenant([secret("a/one", "r.example"), secret("a/two", "r.example")])

    (held,) = tenant.held("r.example/a/web")

    assert (held.credential, held.source) == (Basic("robot", "sesame"), "the pull secret a/one")


def test_nothing_shows_what_stands_in_a_secret() -> None:
    one = secret("a/regcred", "r.example", "hunter2")

    assert "hunter2" not in repr(one)
    assert "hunter2" not in repr(Tenant([one]).held("r.example/a/web"))
