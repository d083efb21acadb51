"""The samples are complete: every Pod's image is there, and the policy names where."""

from __future__ import annotations

import msgspec
import pytest
import yaml

from webhook.core.document import Document
from webhook.core.image import ImageRef
from webhook.core.resources import load_policies
from webhook.demo.apiserver import Answer
from webhook.demo.content import Content
from webhook.demo.samples import Sample, fill, policy, samples

HOST = "127.0.0.1:5000"


def wanted(sample: Sample) -> ImageRef:
    return ImageRef.parse(sample.pod["spec"]["containers"][0]["image"])


def test_every_image_that_a_sample_wants_is_in_the_registry() -> None:
    content = Content()

    fill(content)

    for sample in samples(HOST):
        ref = wanted(sample)
        assert ref.host == HOST
        assert content.manifest(ref.repository, ref.digest or ref.tag or "") is not None


def test_every_image_but_one_is_named_by_its_digest() -> None:
    tagged = [sample.name for sample in samples(HOST) if not wanted(sample).pinned]

    assert tagged == ["web-by-tag"]


def test_samples_have_names_of_their_own() -> None:
    names = [sample.name for sample in samples(HOST)]

    assert len(set(names)) == len(names)
    assert names[0] == "web"


def test_whatever_is_not_simply_allowed_says_why() -> None:
    for sample in samples(HOST):
        assert bool(sample.rule) == bool(sample.says) == (sample.decision != "allowed")


def test_each_rule_refuses_some_sample() -> None:
    denied = {sample.rule for sample in samples(HOST) if sample.decision == "denied"}

    assert denied == {"digest", "registry", "provenance", "init"}


def test_the_policy_names_both_paths_of_the_registry() -> None:
    prod, preprod, rules = yaml.safe_load_all(policy(HOST))

    assert [one["spec"]["host"] for one in (prod, preprod)] == [f"{HOST}/prod", f"{HOST}/preprod"]
    assert prod["spec"]["promotesFrom"] == preprod["metadata"]["name"]
    assert list(rules["spec"]["rules"]) == ["digest", "registry", "provenance", "init"]
    for registry in (prod, preprod):
        assert registry["spec"]["tls"] == {"plainHTTP": True}
        assert registry["spec"]["allowPrivateAddresses"] is True


def test_the_policy_is_one_that_cocket_takes_without_a_word() -> None:
    documents = [Document("policy.yaml", 1, data) for data in yaml.safe_load_all(policy(HOST))]

    loaded = load_policies(documents)

    assert loaded.warnings == ()
    assert loaded.policies.enforces
    for sample in samples(HOST):
        assert loaded.policies.registries.of(wanted(sample)) is not None


def test_the_bad_platform_is_the_only_thing_wrong_with_its_index() -> None:
    content = Content()
    fill(content)

    stored = content.manifest("prod/two-platforms", "1.0")

    assert stored is not None
    entries = msgspec.json.decode(stored.body)["manifests"]
    good = content.manifest("prod/web", "1.0")
    assert good is not None
    assert entries[0]["digest"] == good.digest
    platforms = [entry["platform"]["architecture"] for entry in entries]
    assert platforms == ["amd64", "arm64", "unknown", "unknown"]


DENIED = Answer(allowed=False, message="because", annotations={"rules": "init"})


@pytest.mark.parametrize(
    ("answer", "surprise"),
    [
        (DENIED, ""),
        (Answer(allowed=True), "allowed, but it must be denied"),
        (Answer(allowed=True, warnings=("because",)), "warned, but it must be denied"),
        (
            Answer(allowed=False, message="because", annotations={"rules": "digest,init"}),
            "rules digest,init, but it must be init",
        ),
        (Answer(allowed=False, message="because"), "rules none, but it must be init"),
        (
            Answer(allowed=False, message="so", annotations={"rules": "init"}),
            "the answer does not say 'because'",
        ),
    ],
)
def test_an_answer_that_is_not_expected_is_a_surprise(answer: Answer, surprise: str) -> None:
    sample = Sample(shows="", pod={}, decision="denied", rule="init", says="because")

    assert sample.surprise(answer) == surprise


def test_a_good_pod_needs_no_words() -> None:
    sample = Sample(shows="", pod={})

    assert sample.surprise(Answer(allowed=True)) == ""
    assert sample.surprise(DENIED) == "denied, but it must be allowed"
