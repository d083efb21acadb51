"""Promotions into registries that people use: whole conversations, beside what is known of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.promote.profiles import run
from tests.registry.profiles import Profile, Promotion, profiles

PROFILES = {name: one for name, one in profiles().items() if one.promotions}
CASES = [
    pytest.param(profile, case, id=f"{name}-{case.name}")
    for name, profile in PROFILES.items()
    for case in profile.promotions
]


def test_those_into_which_people_promote_are_there() -> None:
    hosted = {"acr", "docker-hub", "ecr", "gar", "ghcr", "gitlab", "quay"}
    assert PROFILES.keys() == hosted | {"artifactory", "harbor"}


@pytest.mark.parametrize(("profile", "case"), CASES)
async def test_what_is_asked_is_what_its_facts_say(
    profile: Profile, case: Promotion, tmp_path: Path
) -> None:
    outcome = await run(profile, case, tmp_path, {})

    assert outcome.lines == [one.line for one in case.exchange]
    assert (outcome.reason, case.said in outcome.said) == (case.reason, True), outcome.said


@pytest.mark.parametrize("name", PROFILES)
async def test_another_behaviour_is_noticed(name: str, tmp_path: Path) -> None:
    profile = PROFILES[name]
    case, otherwise = profile.promotions[0], profile.promoted_otherwise
    assert otherwise is not None

    outcome = await run(profile, case, tmp_path, otherwise.server)

    same = outcome.lines == [one.line for one in case.exchange] and outcome.reason == case.reason
    assert not same, otherwise.what
