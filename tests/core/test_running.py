"""What a node says it runs, beside what was named."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.builders import DIGEST, config, facts, use
from webhook.core.facts import ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.running import DRIFTED, drift, running_digest
from webhook.core.verdict import Mode, Outcome

OTHER = "sha256:" + "cd" * 32
REPOSITORY = "registry.example.com/prod/web"
INDEX = ImageFacts(
    digest=DIGEST,
    platforms=(
        PlatformImage("linux/amd64", "sha256:" + "01" * 32, config()),
        PlatformImage("linux/arm64", OTHER, config(architecture="arm64")),
    ),
)
ELSEWHERE = replace(INDEX, platforms=INDEX.platforms[:1])


@pytest.mark.parametrize(
    ("image_id", "digest"),
    [
        (f"{REPOSITORY}@{DIGEST}", DIGEST),
        (f"docker-pullable://{REPOSITORY}@{DIGEST}", DIGEST),
        (DIGEST, ""),
        (f"docker://{DIGEST}", ""),
        (f"@{DIGEST}", ""),
        (f"{REPOSITORY}@sha256:abc", ""),
        ("", ""),
    ],
)
def test_only_an_id_with_a_repository_names_a_manifest(image_id: str, digest: str) -> None:
    assert running_digest(image_id) == digest


@pytest.mark.parametrize(
    ("digest", "known", "outcome", "reason"),
    [
        pytest.param(DIGEST, None, Outcome.PASS, None, id="the digest that is named"),
        pytest.param(OTHER, INDEX, Outcome.PASS, None, id="a platform of the index"),
        pytest.param(OTHER, ELSEWHERE, Outcome.FAIL, None, id="neither"),
        pytest.param(OTHER, None, Outcome.UNKNOWN, Reason.NOT_FOUND, id="nobody asked"),
        pytest.param(
            OTHER,
            Unknown(Reason.UNREACHABLE),
            Outcome.UNKNOWN,
            Reason.UNREACHABLE,
            id="the registry did not say",
        ),
        pytest.param(OTHER, facts(), Outcome.UNKNOWN, Reason.NOT_FOUND, id="no manifests told"),
        pytest.param(
            OTHER, ImageFacts(digest=DIGEST), Outcome.UNKNOWN, Reason.NOT_FOUND, id="only a digest"
        ),
    ],
)
def test_what_runs_is_the_digest_or_a_platform_of_it(
    digest: str, known: ImageFacts | Unknown | None, outcome: Outcome, reason: Reason | None
) -> None:
    ref = ImageRef.parse(f"{REPOSITORY}@{DIGEST}")
    found = drift(use(str(ref)), ref, f"{REPOSITORY}@{digest}", known)
    assert found is not None
    assert (found.rule, found.outcome, found.reason) == (DRIFTED, outcome, reason)
    assert (found.container, found.image) == ("app", str(ref))
    assert not found.denies
    assert found.warns is (outcome is Outcome.FAIL)
    assert bool(found.fix) is (outcome is Outcome.FAIL)


def test_an_id_without_a_repository_is_unknown() -> None:
    ref = ImageRef.parse(f"{REPOSITORY}@{DIGEST}")
    found = drift(use(str(ref)), ref, DIGEST, INDEX)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, Reason.NOT_FOUND)
    assert found.mode is Mode.AUDIT


@pytest.mark.parametrize(
    ("name", "image_id"), [("web:1.1", f"web@{OTHER}"), (f"{REPOSITORY}@{DIGEST}", "")]
)
def test_where_no_digest_is_named_or_nothing_runs_there_is_nothing_to_compare(
    name: str, image_id: str
) -> None:
    assert drift(use(name), ImageRef.parse(name), image_id, INDEX) is None
