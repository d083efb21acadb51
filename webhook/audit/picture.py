"""Verdicts and owners put together: what was found, as reports are given it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.rules.protocol import Image
from webhook.core.running import drift, running_digest
from webhook.core.verdict import Verdict
from webhook.reports.audited import Audited, Owner, RunningImage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.audit.folding import Folded, Folding, Shape
    from webhook.core.judge import InvalidImage
    from webhook.core.verdict import Finding
    from webhook.core.workload import ImageUse
    from webhook.engine import Engine

_AT_ONCE = 100
_NO_NAME = Unknown(Reason.BAD_CONTENT, "what stands there is no name of an image")


class Picture:
    """Puts together; what is equal is held once."""

    def __init__(self, engine: Engine, folding: Folding, verdicts: Mapping[int, Verdict]) -> None:
        """Take what was folded, and the verdict on each question."""
        self._engine = engine
        self._folding = folding
        self._verdicts = verdicts
        self._images: dict[int, Mapping[str, Image | InvalidImage]] = {}
        self._places: dict[tuple[int, ImageUse, tuple[str, ...]], RunningImage] = {}
        self._drifts: dict[tuple[int, ImageUse, str], Finding | None] = {}

    async def audited(self) -> tuple[Audited, ...]:
        """All owners, sorted."""
        found: list[Audited] = []
        owners = self._folding.owners
        for place in sorted(owners):
            if len(found) % _AT_ONCE == 0:
                await asyncio.sleep(0)
            found.append(self._one(owners[place]))
        return tuple(found)

    def _one(self, folded: Folded) -> Audited:
        link = folded.owner
        images: dict[RunningImage, None] = {}
        findings: dict[Finding, None] = {}
        for number, shape in folded.shapes.items():
            uses = self._folding.asked[number].images
            images.update(dict.fromkeys(self._place(number, use, shape) for use in uses))
            findings.update(dict.fromkeys(self._verdicts[number].findings))
            for use in uses:
                findings.update(dict.fromkeys(self._drifted(number, use, shape)))
        owner = Owner(
            api_version=link.api_version,
            kind=link.kind,
            namespace=link.namespace,
            name=link.name,
            uid=link.uid,
        )
        verdict = Verdict(tuple(findings))
        return Audited(owner=owner, pods=folded.pods, verdict=verdict, images=tuple(images))

    def _place(self, number: int, use: ImageUse, shape: Shape) -> RunningImage:
        said = shape.running.get(use.container, ())
        running = tuple(dict.fromkeys(filter(None, map(running_digest, said))))
        key = (number, use, running)
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = self._look(number, use, running)
        return found

    def _look(self, number: int, use: ImageUse, running: tuple[str, ...]) -> RunningImage:
        image = self._image(number, use)
        if image is None:
            return RunningImage(use=use, digest="", facts=_NO_NAME, running=running)
        facts, ref = image.facts, image.ref
        registry = self._engine.policies().registries.of(ref)
        learned = facts.digest if isinstance(facts, ImageFacts) else ""
        return RunningImage(
            use=use,
            digest=ref.digest or learned,
            facts=facts,
            running=running,
            environment="" if registry is None else registry.environment,
        )

    def _drifted(self, number: int, use: ImageUse, shape: Shape) -> list[Finding]:
        found: list[Finding] = []
        for image_id in shape.running.get(use.container, ()):
            key = (number, use, image_id)
            if key not in self._drifts:
                image = self._image(number, use)
                self._drifts[key] = (
                    None if image is None else drift(use, image.ref, image_id, image.facts)
                )
            finding = self._drifts[key]
            if finding is not None:
                found.append(finding)
        return found

    def _image(self, number: int, use: ImageUse) -> Image | None:
        """What is known of the image in a place; None where no image is named there."""
        if number not in self._images:
            self._images[number] = self._engine.remembered(self._folding.asked[number])
        image = self._images[number].get(use.image)
        return image if isinstance(image, Image) else None
