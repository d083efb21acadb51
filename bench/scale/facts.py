"""Image facts, recorded by the operator's own code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bench.scale.fill import fill
from bench.scale.insides import base_of, build_of, inside_of
from bench.scale.pods import digest
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.recorded import spec_of
from webhook.operator.conditions import Found, Truth
from webhook.operator.facts_writer import FactsWriter
from webhook.operator.pace import Pace
from webhook.operator.recorded_facts import LEARNED
from webhook.operator.usage import UsedBy

if TYPE_CHECKING:
    from webhook.cluster.api import Api

_IMAGES = Path(__file__).parents[2] / "tests" / "data" / "images" / "official-images.jsonl"
_AT_ONCE = 1e9
"""Writes a second: etcd's own pace. The operator has a slower one."""
_MOST_USERS = 10
_BASES = 20
"""Base images, on which all others stand."""
_FIRST_BASE = 10_000_000


class Recording:
    """Facts of images as they are, with the labels that a build pipeline puts on top."""

    def __init__(self, api: Api, *, looked: bool = True) -> None:
        """Read the configs of known images.

        Args:
            api: where they are recorded.
            looked: whether layers and attestations were read, as the chart has it by default.
        """
        self._looked = looked
        lines = _IMAGES.read_text(encoding="utf-8").splitlines()
        self._known: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self._writer = FactsWriter(api, Pace(_AT_ONCE), lambda: datetime.now(UTC))

    async def write(self, count: int) -> float:
        """Record this many; returns the seconds."""
        return await fill(count, self._record, "ImageFacts")

    async def count(self, number: int, turn: int) -> None:
        """Write who uses one of them, as after a rollout."""
        await self._writer.count(digest(number), self._used_by(number, turn))

    async def _record(self, number: int) -> None:
        facts = self.facts(number)
        spec = spec_of(
            facts, image=f"registry.example.com/prod/{self._name(number)}", registries=["prod"]
        )
        found = Found(LEARNED, Truth.TRUE, "Learned", "its registry said so")
        used_by = self._used_by(number, 0)
        await self._writer.record(facts.digest, spec, found, before=None, used_by=used_by)

    def facts(self, number: int) -> ImageFacts:
        """What is known of one: every third is an index of two platforms."""
        architectures = ("amd64", "arm64") if number % 3 == 0 else ("amd64",)
        platforms = tuple(
            self._platform(number, place, one, alone=len(architectures) == 1)
            for place, one in enumerate(architectures)
        )
        return ImageFacts(digest=digest(number), platforms=platforms, source="bench")

    def _platform(
        self, number: int, place: int, architecture: str, *, alone: bool
    ) -> PlatformImage:
        """One platform; the digest of a manifest that stands alone is the image's."""
        config = self._config(number, architecture)
        own = digest(number) if alone else digest(-2 * number - place - 1)
        platform = PlatformImage(f"linux/{architecture}", own, config)
        if not self._looked:
            return platform
        known = self._known[number % len(self._known)]
        source = f"https://github.com/acme/{self._name(number)}"
        return replace(
            platform,
            inside=inside_of(number, known, config),
            build=build_of(number, digest(number)[-40:], source),
            base=base_of(number, digest(number % _BASES + _FIRST_BASE)),
            chain=own[-32:],
        )

    def _config(self, number: int, architecture: str) -> ImageConfig:
        known = self._known[number % len(self._known)]
        name = self._name(number)
        labels = {
            # API server 1.20, built with Go 1.18 or newer, takes an empty text for null.
            **{key: value for key, value in (known["Labels"] or {}).items() if value},
            "org.opencontainers.image.created": f"2026-{number % 12 + 1:02}-01T08:00:00Z",
            "org.opencontainers.image.description": f"The {name} service",
            "org.opencontainers.image.licenses": "Apache-2.0",
            "org.opencontainers.image.revision": digest(number)[-40:],
            "org.opencontainers.image.source": f"https://github.com/acme/{name}",
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.url": f"https://github.com/acme/{name}",
            "org.opencontainers.image.version": f"1.{number % 100}.{number % 7}",
        }
        return ImageConfig(
            os="linux",
            architecture=architecture,
            entrypoint=tuple(known["Entrypoint"] or ()),
            cmd=tuple(known["Cmd"] or ()),
            stop_signal=known["StopSignal"] or "",
            user=known["User"] or "",
            created=f"2026-{number % 12 + 1:02}-01T08:00:00.123456789Z",
            labels=tuple(sorted(labels.items())),
        )

    def _name(self, number: int) -> str:
        name = str(self._known[number % len(self._known)]["name"])
        return f"{name.rpartition('/')[2]}-{number % 1000}"

    def _used_by(self, number: int, turn: int) -> UsedBy:
        count = number % _MOST_USERS + 1
        pod = f"{self._name(number)}-{turn}7d4b9c6f5"
        names = tuple(f"team-{number % 500}/Pod/{pod}-{one:05}" for one in range(count))
        return UsedBy(count, names)
