"""Which host belongs to which cloud: whole names, and nothing that only looks like one."""

import pytest

from webhook.core.cloud_hosts import belongs, ecr_host

ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("provider", "host"),
    [
        ("ecr", ECR),
        ("ecr", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com"),
        ("ecr", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("ecr", "123456789012.dkr-ecr.us-east-2.on.aws"),
        ("acr", "acme.azurecr.io"),
        ("acr", "acme.azurecr.cn"),
        ("gar", "europe-west3-docker.pkg.dev"),
        ("gar", "gcr.io"),
        ("gar", "eu.gcr.io"),
    ],
)
def test_these_are_registries_of_the_provider(provider: str, host: str) -> None:
    assert belongs(provider, host)


@pytest.mark.parametrize(
    ("provider", "host"),
    [
        ("ecr", f"{ECR}.evil.example"),
        ("ecr", f"evil.{ECR}"),
        ("ecr", ECR.replace("amazonaws.com", "amazonaws.com.evil")),
        ("ecr", "12345678901.dkr.ecr.eu-central-1.amazonaws.com"),
        ("ecr", f"{ECR}:8443"),
        ("ecr", f"{ECR}\n"),
        ("ecr", "public.ecr.aws"),
        ("acr", "acme.azurecr.io.evil.example"),
        ("acr", "acmeXazurecr.io"),
        ("acr", "azurecr.io"),
        ("gar", "evil-docker.pkg.dev.example"),
        ("gar", "docker.pkg.dev"),
        ("gar", "notgcr.io"),
        ("gar", "a.b.gcr.io"),
        ("gar", ECR),
    ],
)
def test_these_are_none(provider: str, host: str) -> None:
    assert not belongs(provider, host)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        (ECR, "https://api.ecr.eu-central-1.amazonaws.com"),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "https://ecr-fips.us-gov-west-1.amazonaws.com",
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "https://api.ecr.cn-north-1.amazonaws.com.cn",
        ),
        (
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
            "https://api.ecr.eusc-de-east-1.amazonaws.eu",
        ),
    ],
)
def test_its_name_tells_where_the_api_is(host: str, endpoint: str) -> None:
    found = ecr_host(host)

    assert found is not None
    assert found.endpoint == endpoint


def test_another_host_has_no_api() -> None:
    assert ecr_host("registry.example.com") is None
