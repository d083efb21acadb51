from __future__ import annotations

import msgspec

from tests.builders import DIGEST, NOW, config, pod, use
from tests.core.test_inside import EXEC, STAYS, TINI, inside, program, script
from webhook.core.facts import ImageFacts, PlatformImage
from webhook.core.image import ImageRef
from webhook.core.inside import End, Inside
from webhook.core.recorded import MAX_INSIDE, RecordedSpec, facts_of, spec_of
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Outcome


def facts_with(found: Inside) -> ImageFacts:
    one = PlatformImage("linux/amd64", DIGEST, config(), found)
    return ImageFacts(digest=DIGEST, platforms=(one,))


def test_what_is_recorded_is_read_again() -> None:
    found = inside(script(TINI, STAYS), program("tini"))
    spec = spec_of(facts_with(found), image="r.example/web", registries=())
    again = facts_of("sha256-" + "ab" * 32, msgspec.convert(spec, RecordedSpec))

    assert again is not None
    assert again.platforms[0].inside == found


def test_what_is_too_large_to_be_recorded_is_left_out() -> None:
    large = inside(script(*(End(EXEC, ("x" * 1000, str(n))) for n in range(20))))
    spec = spec_of(facts_with(large), image="r.example/web", registries=())

    assert len(msgspec.json.encode(large)) > MAX_INSIDE
    assert (spec["inside"], spec["truncated"]) == ([], True)


def test_platforms_that_differ_inside_are_judged_one_by_one() -> None:
    one = PlatformImage("linux/amd64", "", config(entrypoint=("/e.sh",)), inside(script(TINI)))
    two = PlatformImage("linux/arm64", "", config(entrypoint=("/e.sh",)), inside(script(STAYS)))
    image = Image(ImageRef.parse("r.example/web"), ImageFacts(digest=DIGEST, platforms=(one, two)))
    found = InitRule().check(use(), pod(), image, NOW)

    assert found.outcome is Outcome.FAIL
    assert found.message.startswith("on linux/arm64, ")
