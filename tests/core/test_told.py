"""What people ask first about an image."""

from __future__ import annotations

from msgspec.structs import replace

from tests.builders import LABELS, REVISION, config, facts
from webhook.core.agreement import Agreement
from webhook.core.build import Build, Place, Voucher
from webhook.core.origin import Origin
from webhook.core.told import Told, told

OTHER = "c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2"


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


def test_of_several_platforms_the_least_sure_answer_and_the_worst_agreement_speak() -> None:
    one, other = facts(config(), config(architecture="arm64")).platforms
    build = Build(voucher=Voucher(Place.INDEX), commit=REVISION)
    bad = replace(build, commit=OTHER, dirty=True)

    both = told([replace(one, build=build), replace(other, build=bad)])
    half = told([replace(one, build=build), other])

    assert (both.commit_from, both.agreement) == (Origin.BUILD, Agreement.DISAGREES)
    assert both.commit == f"{REVISION} (not on all platforms)"
    assert (both.build, both.dirty, len(both.differences)) == ("in its index, not signed", True, 1)
    assert (half.commit, half.commit_from) == (REVISION, Origin.LABEL)
    assert (half.source_from, half.built_from) == (Origin.LABEL, Origin.LABEL)
    assert (half.agreement, half.dirty) == (Agreement.AGREES, False)


def test_no_platforms_say_nothing() -> None:
    assert told(()) == Told(commit="", source="", built="")
