import pytest
from msgspec.structs import replace

from tests.builders import DIGEST, facts
from webhook.core.facts import ImageFacts, OldTag, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.judge import InvalidImage
from webhook.core.old_tags import set_aside
from webhook.core.rules.protocol import Image

WHY = Unknown(Reason.TIMED_OUT, "r.example: it did not answer in time")
REF = ImageRef.parse("r.example/web:1")


@pytest.mark.parametrize(
    "image",
    [Image(REF, facts()), Image(REF, WHY), InvalidImage("it is none")],
    ids=["asked just now", "unknown", "no image"],
)
def test_what_has_no_age_is_left_alone(image: Image | InvalidImage) -> None:
    images = {"r.example/web:1": image}

    assert set_aside(images) == (images, ())
    assert set_aside(images)[0] is images


def test_an_old_tag_is_said_with_its_age_and_the_cause_and_judged_like_any_other() -> None:
    old = replace(facts(digest=DIGEST), old_tag=OldTag(42, WHY))
    images, said = set_aside({"r.example/web:1": Image(REF, old), "x": Image(REF, facts())})

    [sentence] = said
    assert sentence == (
        f"tag of 42 s ago: r.example/web:1 is judged as {DIGEST[:19]}…, because its registry is "
        "silent: r.example: it did not answer in time"
    )
    young = images["r.example/web:1"]
    assert isinstance(young, Image)
    assert isinstance(young.facts, ImageFacts)
    assert young.facts == facts(digest=DIGEST)
    assert images["x"] == Image(REF, facts())


def test_what_a_tenant_wrote_is_made_safe_to_show() -> None:
    old = replace(facts(), old_tag=OldTag(1, WHY))
    _, [said] = set_aside({"r.example/web:1\x1b[2J" + "x" * 500: Image(REF, old)})

    assert "\x1b" not in said
    assert len(said) < 300
