"""Each registry that people use: the whole conversation, beside what is known of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.registry.profiles import SOURCES, Case, Profile, profiles, run

PROFILES = profiles()
CASES = [
    pytest.param(profile, case, id=f"{name}-{case.name}")
    for name, profile in PROFILES.items()
    for case in profile.cases
]
NAMED = {
    "acr",
    "artifactory",
    "distribution",
    "docker-hub",
    "dtr",
    "ecr",
    "ecr-public",
    "gar",
    "ghcr",
    "gitlab",
    "harbor",
    "nexus",
    "portus",
    "quay",
    "zot",
}


def test_there_is_a_profile_for_each_registry_that_the_page_names() -> None:
    assert PROFILES.keys() == NAMED


@pytest.mark.parametrize(("profile", "case"), CASES)
async def test_what_is_asked_is_what_its_facts_say(
    profile: Profile, case: Case, tmp_path: Path
) -> None:
    outcome = await run(profile, case, tmp_path, {})

    assert outcome.lines == [one.line for one in case.exchange]
    assert outcome.reason == case.reason
    assert case.said in outcome.said


@pytest.mark.parametrize("name", PROFILES)
async def test_another_behaviour_is_noticed(name: str, tmp_path: Path) -> None:
    profile = PROFILES[name]
    case = profile.cases[0]

    outcome = await run(profile, case, tmp_path, profile.deviation.server)

    same = outcome.lines == [one.line for one in case.exchange] and outcome.reason == case.reason
    assert not same, profile.deviation.what


def facts(profile: Profile) -> list[str]:
    exchanges = [case.exchange for case in profile.cases]
    exchanges += [case.exchange for case in profile.promotions]
    return [one.fact for exchange in exchanges for one in exchange]


@pytest.mark.parametrize("name", PROFILES)
def test_every_line_cites_what_can_be_read_somewhere(name: str) -> None:
    for fact in facts(PROFILES[name]):
        cited = [title for title in SOURCES if title in fact]
        assert cited, fact
        # A title alone says nothing of the registry.
        assert len(fact) > len(max(cited, key=len)) + 20, fact


@pytest.mark.parametrize("title", SOURCES)
def test_a_source_is_cited_and_has_an_address(title: str) -> None:
    assert any(title in fact for profile in PROFILES.values() for fact in facts(profile))
    assert SOURCES[title].startswith("https://")
