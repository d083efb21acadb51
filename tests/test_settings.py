"""What the environment says: of pipelines, and of the cluster that we run in."""

from __future__ import annotations

import pytest

from webhook.settings import Pipeline, api_server, read_pipeline

JENKINS = {
    "BUILD_URL": "https://ci.example.com/job/web/118/",
    "BUILD_NUMBER": "118",
    "GIT_COMMIT": "4f9d6c1",
    "BUILD_USER_ID": "ada",
    "USER": "jenkins",
}
GITLAB = {
    "CI_PIPELINE_URL": "https://git.example.com/web/-/pipelines/7",
    "CI_PIPELINE_IID": "7",
    "CI_COMMIT_SHA": "4f9d6c1",
    "GITLAB_USER_LOGIN": "ada",
}
GITHUB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/web",
    "GITHUB_RUN_ID": "99",
    "GITHUB_RUN_NUMBER": "7",
    "GITHUB_SHA": "4f9d6c1",
    "GITHUB_ACTOR": "ada",
}


@pytest.mark.parametrize(
    ("environment", "url", "number"),
    [
        (JENKINS, "https://ci.example.com/job/web/118/", "118"),
        (GITLAB, "https://git.example.com/web/-/pipelines/7", "7"),
        (GITHUB, "https://github.com/acme/web/actions/runs/99", "7"),
    ],
    ids=["Jenkins", "GitLab", "GitHub"],
)
def test_a_pipeline_is_known_by_its_variables(
    environment: dict[str, str], url: str, number: str
) -> None:
    assert read_pipeline(environment) == Pipeline(
        url=url, number=number, commit="4f9d6c1", user="ada"
    )


def test_outside_a_pipeline_nothing_is_said() -> None:
    assert read_pipeline({"GITHUB_RUN_ID": "99", "BUILD_URL": " "}) == Pipeline()


def test_a_password_does_not_show_itself() -> None:
    assert "sesame" not in repr(read_pipeline({"COCKET_KEY_PASSWORD": "sesame"}))


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, ""),
        ({"KUBERNETES_SERVICE_PORT": "443"}, ""),
        ({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}, "https://10.96.0.1:443"),
        (
            {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"},
            "https://[fd00::1]:6443",
        ),
    ],
)
def test_pods_are_told_where_their_api_server_is(environment: dict[str, str], url: str) -> None:
    assert api_server(environment) == url
