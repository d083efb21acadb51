"""Images whose platforms start in different ways."""

from __future__ import annotations

from tests.builders import NOW, config, facts, pod, use
from webhook.core.image import ImageRef
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Answer, Outcome
from webhook.core.workload import ImageUse


def ways(count: int, one: ImageUse) -> Answer:
    """What the rule says about an image that starts in so many ways, all of them good."""
    configs = [config(entrypoint=("tini", str(at)), architecture=str(at)) for at in range(count)]
    image = Image(ImageRef.parse(one.image), facts(*configs))
    return InitRule().check(one, pod(), image, NOW)


def test_a_few_ways_to_start_are_looked_at_and_a_hundred_are_not() -> None:
    """A hundred platforms, each with a long shell text, would keep other reviews waiting."""
    assert ways(8, use()).outcome is Outcome.PASS

    refused = ways(9, use())
    assert refused.outcome is Outcome.FAIL
    assert refused.message == "its platforms start in 9 different ways; up to 8 are looked at."


def test_a_command_of_the_pod_is_one_way() -> None:
    assert ways(9, use(command=("tini", "app"))).outcome is Outcome.PASS
    assert ways(9, use(command=("app",))).outcome is Outcome.FAIL
