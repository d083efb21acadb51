"""Verdicts on Dockerfiles and Compose services: learn, then judge, as the engine does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.composefiles.judged import known_of_service, rules_of_service
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import ImageRef
from webhook.core.judge import InvalidImage, crowded, judge
from webhook.core.rules.protocol import Image
from webhook.dockerfiles.judged import judge_build, to_learn
from webhook.dockerfiles.stages import Build
from webhook.errors import InvalidImageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from webhook.composefiles.services import Service
    from webhook.core.policy import Policy, PolicySet
    from webhook.core.verdict import Verdict
    from webhook.core.workload import Workload
    from webhook.engine import Source

_DIGEST_ONLY = frozenset({Need.DIGEST})


async def review_part(
    part: Build | Service, workload: Workload, policies: PolicySet, source: Source, now: datetime
) -> Verdict:
    """The verdict on what is no Kubernetes object; every policy covers it that may.

    Args:
        part: what was read.
        workload: what it is as a workload.
        policies: all of them; it lies in no namespace.
        source: bounds how long it is asked, and never raises.
        now: aware time of the judgement.
    """
    covering = tuple(one for one in policies.policies if one.covers(workload, None))
    if isinstance(part, Build):
        wanted = {} if crowded(workload) else to_learn(part, covering)
        images = await _learn(wanted, workload, source)
        return judge_build(part, workload, images, covering, now)
    known = known_of_service(part)
    wanted = {
        use.image: _needs(covering)
        for use in workload.images
        if use.image not in known and not crowded(workload)
    }
    images = {**await _learn(wanted, workload, source), **known}
    return judge(workload, images, rules_of_service(covering, part), now)


async def _learn(
    wanted: Mapping[str, frozenset[Need]], workload: Workload, source: Source
) -> dict[str, Image | InvalidImage]:
    async def one(text: str, needs: frozenset[Need]) -> Image | InvalidImage:
        try:
            ref = ImageRef.parse(text)
        except InvalidImageError as error:
            return InvalidImage(str(error))
        facts: ImageFacts | Unknown | None
        if not needs or (needs == _DIGEST_ONLY and ref.pinned):
            facts = ImageFacts(digest=ref.digest or "")
        else:
            facts = source.known(ref, needs)
            if facts is None:
                facts = await source.learn(ref, needs, workload)
        return Image(ref, facts)

    learned = await asyncio.gather(*(one(text, needs) for text, needs in wanted.items()))
    return dict(zip(wanted, learned, strict=True))


def _needs(policies: tuple[Policy, ...]) -> frozenset[Need]:
    return frozenset(
        need for policy in policies for active in policy.rules for need in active.rule.needs
    )
