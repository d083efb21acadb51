"""One review without HTTP: read the bytes, judge, write the answer."""

from __future__ import annotations

import gc
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.reviews import Reviews
from webhook.admission.answer import answer_of
from webhook.admission.review import Asked, read_review
from webhook.cli.policies import load_policies
from webhook.engine import Engine
from webhook.registry.given import read_facts
from webhook.registry.source import RegistrySource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REVIEWS = 2_000


def microseconds(rounds: int, policy: Path, facts: Path) -> tuple[list[float], list[float]]:
    """Microseconds a review, in each round, and those of `json.loads` of the same bytes, in turn.

    No two reviews are alike, and all images are known.
    """
    policies = load_policies([policy])
    engine = Engine(
        policies=lambda: policies,
        source=RegistrySource(
            registries=lambda: policies.registries,
            client=None,
            given=read_facts([facts]),
        ),
        namespaces=lambda _: None,
        clock=lambda: datetime.now(UTC),
        everything=False,
    )
    reviews = Reviews()
    bodies = [reviews.body(number) for number in range(REVIEWS)]
    _answer_all(engine, bodies)
    gc.collect()
    gc.freeze()
    answered, parsed = list[float](), list[float]()
    for _ in range(rounds):
        started = time.perf_counter()
        _answer_all(engine, bodies)
        between = time.perf_counter()
        for body in bodies:
            json.loads(body)
        answered.append((between - started) / REVIEWS * 1e6)
        parsed.append((time.perf_counter() - between) / REVIEWS * 1e6)
    return answered, parsed


def _answer_all(engine: Engine, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        asked = read_review(body)
        assert isinstance(asked, Asked)
        assert asked.workload is not None
        verdict = engine.review_known(asked.workload)
        assert verdict is not None
        bad = verdict.bad
        answer = answer_of(asked.uid, "", bad)
        assert not bad
        assert answer.body
