"""What is recorded about an image is judged like the image itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders import DIGEST, LABELS, NOW, REVISION, config, facts, pod, use
from webhook.core.claims import READ_LABELS
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage, Promotion, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.recorded import (
    MAX_OTHER_LABELS,
    MAX_OTHER_TEXT,
    MAX_REGISTRIES,
    MAX_SPEC,
    SOURCE,
    RecordedSpec,
    facts_of,
    name_of,
    spec_of,
)
from webhook.core.registries import Registries
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.knob import Knob
from webhook.core.rules.protocol import Image
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.verdict import Answer

IMAGES = Path(__file__).parents[1] / "data" / "images"
NAME = "registry.example.com/prod/web"
NOTES = tuple(sorted(LABELS.items()))
KEY = f"sha256:{'ab' * 32}"
RULES = (
    DigestRule(),
    RegistryRule(environments=("production",), registries=Registries()),
    ProvenanceRule(),
    ProvenanceRule(sources=("https://github.com/acme/",)),
    InitRule(),
    InitRule(servers=Knob.DENY, scripts=Knob.DENY, supervisors=Knob.DENY),
)


def spec(known: ImageFacts, **more: Any) -> dict[str, Any]:
    return spec_of(known, **({"image": NAME, "registries": ["prod"]} | more))


def again(known: ImageFacts) -> ImageFacts | None:
    """The facts, written to the cluster and read from it."""
    read = msgspec.json.decode(msgspec.json.encode(spec(known)), type=RecordedSpec)
    return facts_of(name_of(known.digest), read)


def answers(known: ImageFacts) -> list[Answer]:
    image = Image(ImageRef.parse(f"{NAME}@{known.digest}"), known)
    uses = (use(), use(args=("serve",)), use(command=("/app",)))
    return [rule.check(one, pod(), image, NOW) for rule in RULES for one in uses]


def image_configs() -> list[ImageConfig]:
    records = [
        json.loads(line)
        for path in sorted(IMAGES.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [
        ImageConfig(
            os=one["os"] or "linux",
            architecture=one.get("architecture") or "amd64",
            entrypoint=tuple(one["Entrypoint"] or ()),
            cmd=tuple(one["Cmd"] or ()),
            stop_signal=one["StopSignal"] or "",
            user=one.get("user") or one.get("User") or "",
            labels=tuple(sorted((one.get("labels") or one.get("Labels") or {}).items())),
        )
        for one in records
    ]


def test_every_image_of_the_corpus_is_judged_from_its_record_as_from_its_registry() -> None:
    sizes = []
    for one in image_configs():
        known = facts(one)
        recorded = again(known)
        assert recorded is not None
        assert answers(recorded) == answers(known)
        sizes.append(len(msgspec.json.encode(spec(known))))

    assert len(sizes) > 700
    assert max(sizes) < 3000


LABEL_NAMES = st.sampled_from(sorted(READ_LABELS)) | st.text(max_size=20)
VALUES = st.sampled_from(
    ["ubuntu", "24.04", "unknown", "ubi9", "CentOS", *LABELS.values()]
) | st.text(max_size=400)
WORDS = st.sampled_from(["tini", "--", "sh", "-c", "exec app", "app", "/entrypoint.sh", ""])
CONFIGS = st.builds(
    ImageConfig,
    os=st.sampled_from(["linux", "windows"]),
    architecture=st.sampled_from(["amd64", "arm64"]),
    variant=st.sampled_from(["", "v8"]),
    entrypoint=st.lists(WORDS, max_size=4).map(tuple),
    cmd=st.lists(WORDS, max_size=4).map(tuple),
    stop_signal=st.sampled_from(["", "SIGINT"]),
    user=st.text(max_size=5),
    created=st.text(max_size=5),
    labels=st.dictionaries(LABEL_NAMES, VALUES, max_size=12).map(
        lambda labels: tuple(sorted(labels.items()))
    ),
)


@given(st.lists(CONFIGS, min_size=1, max_size=3))
def test_whatever_an_image_says_it_is_judged_alike(configs: list[ImageConfig]) -> None:
    known = facts(*configs)
    recorded = again(known)

    assert recorded is not None
    assert answers(recorded) == answers(known)


@given(st.lists(CONFIGS, min_size=1, max_size=3))
def test_what_is_recorded_again_stays_the_same(configs: list[ImageConfig]) -> None:
    once = again(facts(*configs))
    assert once is not None

    assert again(once) == once


def test_people_read_the_answers_that_the_rules_read() -> None:
    assert spec(facts(), registries=["prod", "mirror", "prod"]) == {
        "digest": DIGEST,
        "image": NAME,
        "registries": ["mirror", "prod"],
        "platforms": [
            {
                "platform": "linux/amd64",
                "config": {
                    "entrypoint": ["/sbin/tini", "--"],
                    "cmd": ["/app"],
                    "labels": LABELS,
                },
            }
        ],
        "commit": LABELS["org.opencontainers.image.revision"],
        "source": "https://github.com/acme/web",
        "built": "2026-11-20T08:00:00Z",
        "commitFrom": "label",
        "sourceFrom": "label",
        "builtFrom": "label",
        "pid1": "init tini: /sbin/tini -- /app",
    }


def test_annotations_are_recorded_with_their_platform() -> None:
    (one,) = facts(config(labels={})).platforms
    known = ImageFacts(digest=DIGEST, platforms=(replace(one, digest=DIGEST, annotations=NOTES),))
    found = spec(known)

    read = again(known)
    assert read is not None
    assert read == replace(known, source=SOURCE)
    assert answers(read) == answers(known)
    assert found["platforms"][0]["annotations"] == dict(NOTES)
    assert (found["commit"], found["commitFrom"]) == (REVISION, "annotation")


def test_what_nobody_can_answer_is_left_out_and_what_differs_says_so() -> None:
    plain = spec(facts(config(labels={})))
    mixed = spec(facts(config(), config(labels={}, cmd=("/other",), architecture="arm64")))

    assert sorted(plain) == ["digest", "image", "pid1", "platforms", "registries"]
    assert mixed["source"] == "https://github.com/acme/web (not on all platforms)"
    assert mixed["pid1"] == "init tini: /sbin/tini -- /app (not on all platforms)"


def test_what_was_not_learned_has_no_platforms() -> None:
    assert spec(ImageFacts(digest=DIGEST)) == {
        "digest": DIGEST,
        "image": NAME,
        "registries": ["prod"],
        "platforms": [],
    }


def test_labels_that_no_rule_reads_are_kept_while_there_is_room() -> None:
    many = {f"l{number:03}": "" for number in range(MAX_OTHER_LABELS + 1)}
    long = {"a": "x" * MAX_OTHER_TEXT, "b": "short"}
    kept = spec(facts(config(labels=LABELS | many)))
    short = spec(facts(config(labels=LABELS | long)))
    labels = kept["platforms"][0]["config"]["labels"]

    assert len(labels) == len(LABELS) + MAX_OTHER_LABELS
    assert LABELS.items() <= labels.items()
    assert kept["truncated"] is True
    assert short["platforms"][0]["config"]["labels"] == LABELS | {"b": "short"}
    assert "truncated" not in spec(facts(config(labels=LABELS | {"b": "short"})))


def test_what_is_too_large_is_not_recorded_rather_than_cut() -> None:
    huge = facts(config(cmd=("x" * MAX_SPEC,)))
    written = spec(huge)

    assert (written["platforms"], written["truncated"]) == ([], True)
    assert "pid1" not in written
    assert again(huge) is None


def test_names_are_bounded_too() -> None:
    written = spec(facts(), image="x" * 5000, registries=[f"r{n}" for n in range(100)])

    assert len(written["image"]) == 512
    assert len(written["registries"]) == MAX_REGISTRIES


SHA512 = "sha512:" + "ab" * 64


@pytest.mark.parametrize(
    ("digest", "name", "read"),
    [
        (DIGEST, name_of(DIGEST), True),
        (SHA512, name_of(SHA512), True),
        (DIGEST, name_of("sha256:" + "cd" * 32), False),
        (DIGEST, DIGEST, False),
        ("sha384:" + "ab" * 48, "sha384-" + "ab" * 48, False),
        ("", "", False),
    ],
)
def test_an_object_speaks_for_the_digest_of_its_name_alone(
    digest: str,
    name: str,
    read: bool,  # noqa: FBT001 - a column
) -> None:
    written = msgspec.convert(spec(facts(digest=digest)), RecordedSpec)

    assert (facts_of(name, written) is not None) is read


def test_without_a_platform_nobody_can_judge() -> None:
    nameless = facts(config(os="", architecture=""))

    assert facts_of(name_of(DIGEST), RecordedSpec(DIGEST)) is None
    assert again(nameless) is None


def test_the_digests_of_platforms_are_kept() -> None:
    known = ImageFacts(
        digest=DIGEST, platforms=(PlatformImage("linux/amd64", "sha256:" + "cd" * 32, config()),)
    )

    assert again(known) == msgspec.structs.replace(known, source="recorded in the cluster")


@pytest.mark.parametrize(
    ("promotion", "read"),
    [
        (None, None),
        (Promotion(), None),
        (Promotion(signed=2, unsigned=1, evidence_gap=Unknown(Reason.UNREACHABLE)), None),
        (Promotion(origins=("r.example/a",)), Promotion(origins=("r.example/a",))),
        (Promotion(signers=(KEY,), signed=1), Promotion(signers=(KEY,))),
    ],
    ids=["nobody asked", "nothing seen", "not told", "an origin", "a signer"],
)
def test_of_its_way_what_was_seen_is_recorded_and_nothing_else(
    promotion: Promotion | None, read: Promotion | None
) -> None:
    known = replace(facts(), promotion=promotion)
    spec = spec_of(known, image=NAME, registries=["prod"])
    again = facts_of(name_of(DIGEST), msgspec.convert(spec, RecordedSpec))

    assert again is not None
    assert again.promotion == read
