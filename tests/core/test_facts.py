"""What is known about an image."""

from __future__ import annotations

import pytest

from tests.builders import config, facts
from webhook.core.facts import ImageConfig, ImageFacts, Reason, configs


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
    ]


def test_a_label_is_found_by_its_whole_name() -> None:
    labelled = config(labels={"a": "1", "b": ""})

    assert labelled.label("a") == "1"
    assert labelled.label("b") == ""
    assert labelled.label("A") is None


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


def test_the_configs_are_those_of_every_platform() -> None:
    both = (config(), config(architecture="arm64"))

    assert list(both) == list(configs(facts(*both)))


def test_equal_facts_have_equal_hashes() -> None:
    assert hash(facts()) == hash(facts())
    assert facts() == facts()
