"""What people ask first about an image."""

from __future__ import annotations

from tests.builders import LABELS, REVISION, config, facts
from webhook.core.told import told


def test_one_platform_answers_for_itself() -> None:
    said = told(facts(config()).platforms)

    assert (said.commit, said.source) == (REVISION, "https://github.com/acme/web")
    assert (said.built, said.revision) == ("2026-11-20T08:00:00Z", REVISION)
    assert str(said.url) == "https://github.com/acme/web"


def test_platforms_that_differ_have_no_one_answer() -> None:
    other = LABELS | {
        "org.opencontainers.image.revision": "1234567",
        "org.opencontainers.image.source": "https://github.com/acme/other",
    }

    said = told(facts(config(), config(architecture="arm64", labels=other)).platforms)

    assert said.commit == f"{REVISION} (not on all platforms)"
    assert said.source == "https://github.com/acme/web (not on all platforms)"
    assert said.built == "2026-11-20T08:00:00Z"
    assert (said.url, said.revision) == (None, "")


def test_labels_that_say_nothing_are_no_answer() -> None:
    said = told(facts(config(labels={})).platforms)

    assert (said.commit, said.source, said.built, said.url, said.revision) == ("", "", "", None, "")
