import pytest

from webhook.cluster import kinds


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (kinds.PODS.path(), "/api/v1/pods"),
        (kinds.PODS.path("shop"), "/api/v1/namespaces/shop/pods"),
        (kinds.PODS.path("shop", "web", "status"), "/api/v1/namespaces/shop/pods/web/status"),
        (kinds.DEPLOYMENTS.path("shop"), "/apis/apps/v1/namespaces/shop/deployments"),
        (kinds.IMAGE_FACTS.path("", "sha256-1"), "/apis/cocket.dev/v1alpha1/imagefacts/sha256-1"),
        (kinds.REGISTRIES.path("shop", "prod"), "/apis/cocket.dev/v1alpha1/registries/prod"),
    ],
)
def test_a_path_is_the_one_of_the_api_conventions(path: str, expected: str) -> None:
    assert path == expected


def test_a_name_of_strangers_stays_one_segment() -> None:
    assert kinds.PODS.path("a/b", "../c?d") == "/api/v1/namespaces/a%2Fb/pods/..%2Fc%3Fd"


def test_the_core_group_has_no_name() -> None:
    assert (kinds.PODS.api_version, kinds.CRON_JOBS_BETA.api_version) == ("v1", "batch/v1beta1")
