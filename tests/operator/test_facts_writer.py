"""What a written spec leaves of an earlier one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.builders import DIGEST, facts
from webhook.core.facts import ImageFacts
from webhook.core.recorded import spec_of
from webhook.operator.facts_writer import LEFT_OUT

CRD = Path(__file__).parents[2] / "charts" / "cocket" / "files" / "crds" / "imagefacts.yaml"


def test_every_field_of_a_spec_is_written_or_taken_away() -> None:
    crd = msgspec.yaml.decode(CRD.read_bytes())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields = schema["properties"]["spec"]["properties"].keys()
    known = spec_of(facts(), image="r.example/web", registries=["prod"])
    unknown = spec_of(ImageFacts(digest=DIGEST), image="r.example/web", registries=[])

    assert known.keys() | LEFT_OUT.keys() == fields
    assert unknown.keys() | LEFT_OUT.keys() == fields
