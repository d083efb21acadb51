"""What is recorded of builds and bases, and read again."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from tests.builders import DIGEST, REVISION, config, facts
from webhook.core.agreement import Agreement
from webhook.core.base_image import BaseImage
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.recorded import RecordedSpec, facts_of, name_of, spec_of
from webhook.core.recorded_made import made_of

BUILD = Build(
    voucher=Voucher(Place.INDEX),
    commit=REVISION,
    source="https://github.com/acme/web",
    builder="https://ci.example.com/runs/7",
)
BASE = BaseImage(name="debian:12", digest=DIGEST, found=True, labels=("org.label-schema.version",))


def image(**more: object) -> PlatformImage:
    return replace(facts(config()).platforms[0], digest=DIGEST, **more)


def test_build_and_base_are_read_as_they_were_written() -> None:
    one = image(build=BUILD, base=BASE, chain="ab" * 16)
    written = ImageFacts(digest=DIGEST, platforms=(one,))
    spec = spec_of(written, image="web", registries=[])
    read = facts_of(name_of(DIGEST), msgspec.convert(spec, RecordedSpec))

    assert read is not None
    assert read.platforms == (one,)
    assert len(msgspec.json.encode(spec["made"])) < 600
    assert spec["made"] == msgspec.to_builtins(made_of((one,)))["made"]


def test_people_see_how_label_and_build_stand_to_each_other() -> None:
    other = replace(BUILD, commit="f" * 40)
    (made,) = msgspec.convert(made_of((image(build=other),)), RecordedSpec).made
    (agreed,) = msgspec.convert(made_of((image(build=BUILD),)), RecordedSpec).made

    assert made.agreement is Agreement.DISAGREES
    assert agreed.agreement is None


def test_what_could_not_be_asked_is_not_recorded() -> None:
    assert made_of((image(build=Unknown(Reason.UNREACHABLE)),)) == {}
    assert made_of((image(),)) == {}


def test_none_attached_is_recorded_without_an_agreement() -> None:
    (made,) = msgspec.convert(made_of((image(build=Build()),)), RecordedSpec).made

    assert (made.build, made.agreement) == (Build(), None)


def test_what_is_too_large_is_left_out_and_said() -> None:
    long = [
        image(base=BaseImage(name=f"{number}" * 400, labels=("y" * 200,) * 32))
        for number in range(10)
    ]

    assert made_of(long) == {"made": [], "truncated": True}
