"""What `cocket operate --remove-webhook-configuration` runs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import uvloop

from webhook.cli.operated import CONFIGURATION
from webhook.cli.operating import ENDED, FAILED, own_identity
from webhook.cluster.login import open_api
from webhook.errors import ClusterError
from webhook.operator.removal import remove_configuration

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


def run(
    kubeconfig: Path | None, context: str | None, namespace: str | None, identity: str | None
) -> int:
    """Stop the leader and delete the webhook configuration; gives the exit code.

    Raises:
        InputError: there is no cluster to log in to.
    """
    return uvloop.run(_remove(kubeconfig, context, namespace, identity))


async def _remove(
    kubeconfig: Path | None, context: str | None, namespace: str | None, identity: str | None
) -> int:
    async with open_api(kubeconfig=kubeconfig, context=context) as api:
        try:
            await remove_configuration(
                api,
                CONFIGURATION,
                namespace=namespace or api.namespace,
                identity=identity or own_identity(),
                clock=_now,
            )
        except ClusterError as error:
            _log.critical("%s; the webhook configuration is as it was", error)
            return FAILED
    return ENDED


def _now() -> datetime:
    return datetime.now(UTC)
