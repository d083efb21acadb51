"""In-toto statements: about whom, and in which format."""

from __future__ import annotations

from typing import Any

import pytest

from tests.attesting import CYCLONEDX, SLSA_02, SLSA_1, SPDX, statement
from webhook.demo.images import encode
from webhook.errors import BadContentError
from webhook.registry.statements import Format, Kind, form_of, read_statement

DIGEST = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32
WANTED = {Kind.SBOM: (DIGEST,), Kind.PROVENANCE: (DIGEST, OTHER)}


@pytest.mark.parametrize(
    ("predicate_type", "form"),
    [
        (SPDX, Format.SPDX),
        ("https://spdx.dev/Document/v2.3", Format.SPDX),
        (CYCLONEDX, Format.CYCLONEDX),
        (f"{CYCLONEDX}/v1.6", Format.CYCLONEDX),
        (f"{CYCLONEDX}-evil", None),
        (SLSA_02, Format.SLSA_02),
        (SLSA_1, Format.SLSA_1),
        ("https://slsa.dev/provenance/v0.1", None),
        ("https://cocket.dev/promotion/v1", None),
        ("", None),
    ],
)
def test_formats_by_their_predicate_types(predicate_type: str, form: Format | None) -> None:
    assert form_of(predicate_type) is form


@pytest.mark.parametrize("kind", ["v0.1", "v1"])
def test_both_versions_of_statements_are_read(kind: str) -> None:
    body = statement((SPDX, {"a": 1}), DIGEST, f"https://in-toto.io/Statement/{kind}")
    found = read_statement(body, WANTED)

    assert found is not None
    assert (found.form, found.predicate) == (Format.SPDX, {"a": 1})


def test_provenance_of_an_index_is_that_of_its_platforms_and_its_packages_are_not() -> None:
    assert read_statement(statement((SLSA_1, {}), OTHER), WANTED) is not None
    with pytest.raises(BadContentError, match="about another image"):
        read_statement(statement((SPDX, {}), OTHER), WANTED)


def test_what_is_not_wanted_is_not_read() -> None:
    assert read_statement(statement((SPDX, {}), OTHER), {Kind.PROVENANCE: (DIGEST,)}) is None
    assert read_statement(statement(("https://example.com/x", {}), OTHER), WANTED) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"_type": "https://in-toto.io/Statement/v9"}, "no type of in-toto's"),
        ({"_type": 7}, "'_type' is no string"),
        ({"subject": []}, "about another image"),
        ({"subject": None}, "about another image"),
        ({"subject": [{"digest": "sha256:ab"}]}, "about another image"),
        ({"subject": [None, {"digest": {"sha512": "ab"}}]}, "about another image"),
        ({"predicate": []}, "says nothing"),
    ],
)
def test_what_is_no_statement_about_the_image_is_told(change: dict[str, Any], words: str) -> None:
    good = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": SPDX,
        "subject": [{"digest": {"sha256": "ab" * 32}}],
        "predicate": {},
    }
    assert read_statement(encode(good), WANTED) is not None
    with pytest.raises(BadContentError, match=words):
        read_statement(encode(good | change), WANTED)


def test_a_subject_behind_thousands_of_others_does_not_count() -> None:
    subjects = [{"digest": {"sha256": "cd" * 32}}] * 1000 + [{"digest": {"sha256": "ab" * 32}}]
    body = {"_type": "https://in-toto.io/Statement/v1", "predicateType": SPDX}

    with pytest.raises(BadContentError, match="another image"):
        read_statement(encode(body | {"subject": subjects, "predicate": {}}), WANTED)
