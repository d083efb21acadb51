"""Tags move; digests do not."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST, NOW, facts, pod, use
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Answer, Outcome
from webhook.core.workload import Role

SHA384 = "sha384:" + "ab" * 48
SHA512 = "sha512:" + "ab" * 64
UNREACHABLE = Unknown(Reason.UNREACHABLE, "nobody answered")


def check(text: str, known: ImageFacts | Unknown, role: Role = Role.CONTAINER) -> Answer:
    one = use(text, role=role)
    return DigestRule().check(one, pod(one), Image(ImageRef.parse(text), known), NOW)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("known", [facts(), UNREACHABLE], ids=["known", "unknown"])
@pytest.mark.parametrize(
    "text", [f"nginx@{DIGEST}", f"nginx:1.25@{DIGEST}", f"quay.io/acme/web@{SHA512}"]
)
def test_a_digest_passes_in_every_role_whatever_is_known(
    text: str, known: ImageFacts | Unknown, role: Role
) -> None:
    assert check(text, known, role).outcome is Outcome.PASS


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("known", [facts(), UNREACHABLE], ids=["known", "unknown"])
@pytest.mark.parametrize("text", ["nginx", "nginx:1.25", "nginx:sha256", f"nginx@{SHA384}"])
def test_anything_else_fails_in_every_role_whatever_is_known(
    text: str, known: ImageFacts | Unknown, role: Role
) -> None:
    answer = check(text, known, role)

    assert answer.outcome is Outcome.FAIL
    assert answer.reason is None


def test_the_message_says_what_a_tag_is_and_what_it_points_to() -> None:
    assert check("nginx:1.25", facts()) == Answer(
        Outcome.FAIL,
        "nginx:1.25 is a tag, and tags move.",
        f"It points to sha256:abababababab… now: use nginx:1.25@{DIGEST}",
    )


def test_no_tag_means_latest() -> None:
    answer = check("docker.io/library/nginx", facts())

    assert answer.message == (
        "docker.io/library/nginx has no tag, which means latest, and tags move."
    )
    assert answer.fix.endswith(f"use docker.io/library/nginx@{DIGEST}")


@pytest.mark.parametrize(
    "known",
    [UNREACHABLE, ImageFacts(digest=""), ImageFacts(digest="sha256:short")],
    ids=["unreachable", "no digest", "no good digest"],
)
def test_without_a_digest_the_fix_says_how_to_find_it(known: ImageFacts | Unknown) -> None:
    answer = check("nginx:1.25", known)

    assert answer.fix.startswith("Use nginx:1.25@sha256:…; `cocket image nginx:1.25` shows")


def test_a_digest_that_no_registry_has_is_named() -> None:
    answer = check(f"nginx:1.25@{SHA384}", facts())

    assert "is named by a sha384 digest" in answer.message
    assert "`cocket image nginx:1.25`" in answer.fix
    assert DIGEST not in answer.fix


def test_it_asks_for_the_digest_only() -> None:
    assert DigestRule.name == "digest"
    assert frozenset({Need.DIGEST}) == DigestRule.needs
