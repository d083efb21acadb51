"""Whom one run may ask for facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import pod
from tests.operator.facts_world import configured, web
from webhook.cli.sources import Network, looking_up
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries
from webhook.demo.faults import Fault
from webhook.demo.registry import DemoRegistry
from webhook.errors import InputError
from webhook.registry.given import GivenFacts
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONFIG = frozenset({Need.CONFIG})
SETTINGS = Settings()


@pytest.fixture
async def registry() -> AsyncIterator[DemoRegistry]:
    async with DemoRegistry() as found:
        found.add("shop/web", web(), tag="1")
        yield found


async def learned(
    registry: DemoRegistry, network: Network, *, known: bool = True
) -> ImageFacts | Unknown:
    """What one run learns of the image."""
    registries = Registries([configured(registry.host)] if known else [])
    ref = ImageRef.parse(registry.name("shop/web", "1"))
    async with looking_up(registries, GivenFacts(), network) as source:
        return await source.learn(ref, CONFIG, pod())


async def test_a_configured_registry_is_asked(registry: DemoRegistry) -> None:
    assert isinstance(await learned(registry, Network(settings=SETTINGS)), ImageFacts)


@pytest.mark.parametrize(
    ("network", "known", "reason"),
    [
        (Network(offline=True, settings=SETTINGS), True, Reason.OFFLINE),
        (Network(settings=SETTINGS), False, Reason.NOT_CONFIGURED),
        (Network(offline=True, unconfigured=True, settings=SETTINGS), False, Reason.OFFLINE),
    ],
)
async def test_nobody_is_asked_who_must_not_be(
    registry: DemoRegistry,
    network: Network,
    known: bool,  # noqa: FBT001 - of a table
    reason: Reason,
) -> None:
    found = await learned(registry, network, known=known)

    assert isinstance(found, Unknown)
    assert found.reason is reason
    assert not registry.requests


async def test_a_budget_ends_the_wait(registry: DemoRegistry) -> None:
    registry.fault("*", Fault(delay=30), times=100)
    found = await learned(registry, Network(budget=0.2, settings=SETTINGS))

    assert isinstance(found, Unknown)
    assert found.reason is Reason.TIMED_OUT


async def test_a_cache_folder_serves_the_next_run(registry: DemoRegistry, tmp_path: Path) -> None:
    network = Network(cache_dir=tmp_path, settings=SETTINGS)
    await learned(registry, network)
    blobs = sum("/blobs/" in line for line in registry.lines())
    assert blobs
    await learned(registry, network)

    assert sum("/blobs/" in line for line in registry.lines()) == blobs


async def test_a_cache_folder_that_is_none_is_an_error(
    registry: DemoRegistry, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="--cache-dir"):
        await learned(registry, Network(cache_dir=file, settings=SETTINGS))
