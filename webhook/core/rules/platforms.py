"""What rules about processes have in common: whom they judge, and the worst of all platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.printable import printable
from webhook.core.verdict import Answer, Mode, Outcome
from webhook.core.workload import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.facts import PlatformImage

MAX_WAYS = 8
"""Different ways in which one image starts and stops. Real ones have up to three; a hundred
platforms with a long shell text each would keep all other reviews waiting for seconds."""
JUDGED = frozenset((Role.CONTAINER, Role.SIDECAR))
ROLE_SKIPS = {
    Role.INIT: Answer(Outcome.SKIP, "it runs to its end before the containers start."),
    Role.EPHEMERAL: Answer(Outcome.SKIP, "it is an ephemeral container, for debugging."),
    Role.VOLUME: Answer(Outcome.SKIP, "it is mounted, and never started."),
    Role.BASE: Answer(Outcome.SKIP, "it is built on, and never started."),
}
_MAX_NAME = 100


def worst(
    platforms: tuple[PlatformImage, ...], judged: Callable[[PlatformImage], Answer]
) -> Answer:
    """The answer of the worst platform, and which one that is."""
    answers = [(platform.platform, judged(platform)) for platform in platforms]
    name, answer = max(answers, key=lambda one: badness(one[1]))
    if all(one == answer for _, one in answers):
        return answer
    return replace(answer, message=f"on {printable(name, _MAX_NAME)}, {answer.message}")


def too_many(ways: int) -> Answer | None:
    """The answer about an image of too many different platforms; None where they are few."""
    if ways <= MAX_WAYS:
        return None
    return Answer(
        Outcome.FAIL,
        f"its platforms start in {ways} different ways; up to {MAX_WAYS} are looked at.",
        "Build all platforms from one Dockerfile.",
    )


def badness(answer: Answer) -> tuple[bool, int]:
    """How bad an answer is: what may refuse before what only warns, then fail before unknown."""
    order = (Outcome.SKIP, Outcome.PASS, Outcome.UNKNOWN, Outcome.FAIL).index(answer.outcome)
    refuses = answer.at_most is Mode.ENFORCE and answer.outcome in {Outcome.FAIL, Outcome.UNKNOWN}
    return refuses, order
