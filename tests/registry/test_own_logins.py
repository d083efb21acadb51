"""A person's own logins reach the registry, where its Registry names none."""

from __future__ import annotations

from pathlib import Path

from tests.registry.asking import APP, CONFIG, configured, docker_config
from webhook.core.image import ImageRef
from webhook.demo.login import BasicLogin
from webhook.demo.registry import DemoRegistry
from webhook.registry.client import open_client
from webhook.registry.programs import OwnLogins


async def test_they_open_the_door(tmp_path: Path) -> None:
    async with DemoRegistry(login=BasicLogin()) as registry:
        ref = ImageRef.parse(registry.name("a/web", registry.add("a/web", APP)))
        own = OwnLogins(Path(docker_config(tmp_path, **{registry.host: "sesame"})), {})
        client = open_client(own=own.of)
        try:
            found = await client.facts(ref, CONFIG, configured(registry.host))
        finally:
            await client.close()
            await own.close()

    assert found.complete
