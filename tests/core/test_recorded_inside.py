from __future__ import annotations

import msgspec

from tests.builders import DIGEST, config
from tests.core.test_inside import EXEC, STAYS, TINI, inside, program, script
from webhook.core.facts import ImageFacts, PlatformImage
from webhook.core.inside import End, Inside
from webhook.core.recorded import MAX_INSIDE, RecordedSpec, facts_of, spec_of


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
