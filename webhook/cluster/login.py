"""Who we are to which API server: in a cluster the ServiceAccount, elsewhere a kubeconfig."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api
from webhook.core.printable import printable
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_DEFAULT = "default"
# The library reads YAML, base64, PEM and the answers of login programs, and lets their errors out.
_UNUSABLE = (
    *(config.ConfigException, yaml.YAMLError, OSError),
    *(ValueError, KeyError, TypeError, AttributeError),
)


@asynccontextmanager
async def open_api(
    *, kubeconfig: Path | None = None, context: str | None = None
) -> AsyncIterator[Api]:
    """Log in.

    Args:
        kubeconfig: a file; without it, and without a context, the ServiceAccount of the Pod if we
            run in one, else what `kubectl` would take.
        context: of the kubeconfig; its current one if absent.

    Raises:
        InputError: there is nothing to log in with, or it cannot be used.
    """
    configuration = Configuration()
    # Each of our watches holds one connection, beside the requests.
    configuration.connection_pool_maxsize = 64
    namespace = await _load(configuration, kubeconfig, context)
    async with ApiClient(configuration) as client:
        yield Api(client, namespace)


async def _load(configuration: Configuration, kubeconfig: Path | None, context: str | None) -> str:
    """Fill the configuration; gives our namespace."""
    if kubeconfig is None and context is None:
        try:
            config.load_incluster_config(client_configuration=configuration)
            return _OWN_NAMESPACE.read_text("ascii").strip() or _DEFAULT  # noqa: ASYNC240 - in memory
        except (config.ConfigException, OSError):
            pass  # not in a cluster
    file = str(kubeconfig or config.KUBE_CONFIG_DEFAULT_LOCATION)
    try:
        await config.load_kube_config(
            config_file=file, context=context, client_configuration=configuration
        )
        contexts, active = config.list_kube_config_contexts(config_file=file)
    except _UNUSABLE as error:
        said = printable(str(error), 300) or type(error).__name__
        raise InputError(
            f"no cluster to log in to: kubeconfig {printable(file, 300)}: {said}"
        ) from error
    chosen = next((one for one in contexts if one["name"] == context), active)
    return str(chosen["context"].get("namespace") or _DEFAULT)
