"""What `cocket running` looks up: the cluster's workloads, and the operator's records of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from webhook.audit.running import running
from webhook.audit.scan import Scope
from webhook.cluster.login import open_api
from webhook.errors import ClusterError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from webhook.audit.scan import Told
    from webhook.audit.wanted import Wanted
    from webhook.reports.audited import Audit


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The options that say what is shown."""

    kubeconfig: Path | None = None
    context: str | None = None
    everywhere: bool = False
    namespace: str | None = None
    """None, and not everywhere: that of the login."""
    labels: str = ""
    wanted: Wanted | None = None


async def what_runs(shown: Shown, told: Told | None) -> Audit:
    """Look at the cluster once.

    Raises:
        InputError: there is no cluster to log in to, it cannot be read, or nothing of the workload
            runs that was named.
    """
    async with open_api(kubeconfig=shown.kubeconfig, context=shown.context) as api:
        namespace = "" if shown.everywhere else shown.namespace or api.namespace
        try:
            found = await running(
                api,
                Scope(namespace=namespace, labels=shown.labels),
                taken=datetime.now(UTC),
                wanted=shown.wanted,
                told=told,
                cluster=shown.context or api.server,
            )
        except ClusterError as error:
            raise InputError(
                f"the cluster at {api.server} cannot be read: {error}. "
                "docs/running.md says which rights it takes"
            ) from error
    if shown.wanted is not None and not found.audited:
        where = f"in namespace {namespace}" if namespace else "anywhere"
        raise InputError(
            f"nothing runs {where} that is {shown.wanted}, or that it owns; without a name all is "
            "listed that runs there"
        )
    return found
