from pathlib import Path

import pytest

from webhook.cluster.login import open_api
from webhook.errors import InputError

CONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: secret}}]
contexts:
- {name: plain, context: {cluster: c, user: u}}
- {name: shop, context: {cluster: c, user: u, namespace: shop}}
current-context: plain
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    file = tmp_path / "config"
    file.write_text(CONFIG, encoding="utf-8")
    return file


@pytest.mark.parametrize(("context", "namespace"), [(None, "default"), ("shop", "shop")])
async def test_our_namespace_is_the_contexts(
    kubeconfig: Path, context: str | None, namespace: str
) -> None:
    async with open_api(kubeconfig=kubeconfig, context=context) as api:
        assert api.namespace == namespace
        assert api.server == "https://127.0.0.1:1"


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no cluster to log in to: kubeconfig .*absent"):
        async with open_api(kubeconfig=tmp_path / "absent"):
            pass


async def test_an_unknown_context_is_an_error_without_secrets(kubeconfig: Path) -> None:
    with pytest.raises(InputError) as caught:
        async with open_api(kubeconfig=kubeconfig, context="nowhere"):
            pass
    assert "nowhere" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_file_that_is_no_kubeconfig_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("just text", encoding="utf-8")
    with pytest.raises(InputError, match="no cluster to log in to"):
        async with open_api(kubeconfig=file):
            pass
