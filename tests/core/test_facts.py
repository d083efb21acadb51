"""What is known about an image."""

from __future__ import annotations

import pytest

from tests.builders import facts
from webhook.core.facts import ImageConfig, ImageFacts, Reason


def test_the_reasons_are_a_closed_list() -> None:
    assert [str(reason) for reason in Reason] == [
        "unauthorized",
        "not-found",
        "unreachable",
        "timed-out",
        "rate-limited",
        "untrusted-tls",
        "bad-content",
        "not-configured",
        "offline",
        "script",
        "variable",
        "program",
    ]


@pytest.mark.parametrize(
    ("parts", "platform"),
    [
        (("linux", "amd64", ""), "linux/amd64"),
        (("linux", "arm", "v7"), "linux/arm/v7"),
        (("", "", ""), ""),
    ],
)
def test_a_platform_is_written_as_docker_writes_it(
    parts: tuple[str, str, str], platform: str
) -> None:
    os, architecture, variant = parts

    assert platform == ImageConfig(os=os, architecture=architecture, variant=variant).platform


def test_facts_without_a_config_are_not_complete() -> None:
    assert not ImageFacts(digest="sha256:x").complete
    assert facts().complete


def test_equal_facts_have_equal_hashes() -> None:
    assert hash(facts()) == hash(facts())
    assert facts() == facts()


def test_reasons_are_words_of_conditions() -> None:
    assert [one.token for one in (Reason.NOT_FOUND, Reason.UNTRUSTED_TLS, Reason.OFFLINE)] == [
        "NotFound",
        "UntrustedTls",
        "Offline",
    ]
