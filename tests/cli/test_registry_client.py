"""The client of a command: whose logins it takes for which Registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.registry.asking import APP, CONFIG, configured, docker_config
from webhook.cli.registry_client import open_registry_client
from webhook.core.image import ImageRef
from webhook.demo.login import BasicLogin
from webhook.demo.registry import DemoRegistry
from webhook.errors import UnavailableError


def login(folder: Path, demo: DemoRegistry, password: str) -> Path:
    return Path(docker_config(folder, **{demo.host: password}))


async def facts(demo: DemoRegistry, own: Path | None, *, file: Path | None = None) -> bool:
    ref = ImageRef.parse(demo.name("a/web", demo.add("a/web", APP)))
    registry = replace(configured(demo.host), docker_config_file="" if file is None else str(file))
    async with open_registry_client(own, writes=False) as client:
        return (await client.facts(ref, CONFIG, registry)).complete


async def test_a_person_is_let_in_by_a_login_of_his_own(tmp_path: Path) -> None:
    async with DemoRegistry(login=BasicLogin()) as demo:
        assert await facts(demo, login(tmp_path, demo, "sesame"))


async def test_what_the_registry_names_is_taken_in_its_place(tmp_path: Path) -> None:
    async with DemoRegistry(login=BasicLogin()) as demo:
        (tmp_path / "own").mkdir()
        good = login(tmp_path, demo, "sesame")
        bad = login(tmp_path / "own", demo, "old")

        assert await facts(demo, bad, file=good)
        with pytest.raises(UnavailableError, match="was refused by"):
            await facts(demo, good, file=bad)


async def test_nobodys_login_opens_nothing() -> None:
    async with DemoRegistry(login=BasicLogin()) as demo:
        with pytest.raises(UnavailableError):
            await facts(demo, None)
