"""docs/registries.md has a row for each registry, and a section where there is a word to say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.registry.profiles import profiles

PAGE = (Path(__file__).parents[1] / "docs" / "registries.md").read_text(encoding="utf-8")
TABLE = re.findall(
    r"^\| (.+?) \| (.+?) \| (.+?) \|$", PAGE.partition("| registry | login |")[2], re.MULTILINE
)
NAMES = {
    "acr": "Azure Container Registry",
    "artifactory": "JFrog Artifactory",
    "distribution": "CNCF Distribution",
    "docker-hub": "Docker Hub",
    "dtr": "Docker Trusted Registry, Mirantis Secure Registry",
    "ecr": "Amazon ECR",
    "ecr-public": "Amazon ECR Public",
    "gar": "Google Artifact Registry",
    "ghcr": "GHCR",
    "gitlab": "GitLab",
    "harbor": "Harbor",
    "nexus": "Nexus",
    "portus": "Portus",
    "quay": "Quay",
    "zot": "Zot",
}


@pytest.mark.parametrize("profile", profiles())
def test_every_profile_has_its_row_which_says_so(profile: str) -> None:
    name = NAMES[profile]
    (row,) = (one for one in TABLE if re.sub(r"[\[\]]|\(.*\)", "", one[0]) == name)

    assert "profile" in row[2]


@pytest.mark.parametrize("profile", sorted(profiles().keys() - {"ecr-public"}))
def test_every_registry_has_its_section(profile: str) -> None:
    assert f"\n### {NAMES[profile]}\n" in PAGE
