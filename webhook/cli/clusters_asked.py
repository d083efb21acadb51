"""What `cocket registry clean` asks clusters: does an operator live there, and what is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cli.exit_codes import FOUND, UNDECIDED
from webhook.cluster.digests_in_use import digests_of_pods, digests_recorded
from webhook.cluster.login import open_api
from webhook.cluster.operator_alive import why_no_operator
from webhook.core.printable import printable
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MAX_CONTEXT = 200


class NoProof(msgspec.Struct, frozen=True):
    """Why nobody knows what is in use."""

    code: int
    """The exit code that stands for it."""
    why: str


async def in_use_now(kubeconfig: Path | None, contexts: Sequence[str]) -> frozenset[str] | NoProof:
    """All digests that these clusters use at this moment; the first that cannot say ends it.

    Raises:
        InputError: there is no such context.
    """
    found: set[str] = set()
    for context in contexts:
        used = await _used(kubeconfig, context)
        if isinstance(used, NoProof):
            return used
        found |= used
    return frozenset(found)


async def _used(kubeconfig: Path | None, context: str) -> frozenset[str] | NoProof:
    shown = f"cluster {printable(context, _MAX_CONTEXT)}"
    try:
        async with open_api(kubeconfig=kubeconfig, context=context) as api:
            # Records of an operator that died weeks ago say nothing of what was deployed since.
            if dead := await why_no_operator(api):
                why = f"{shown} has no operator that records what is in use: {dead}"
                return NoProof(FOUND, f"{why}. Does `cocket operate` run there?")
            recorded = await digests_recorded(api)
            if not recorded:
                why = f"{shown} has no ImageFacts: does `cocket operate` run there?"
                return NoProof(FOUND, why)
            return recorded | await digests_of_pods(api)
    except ClusterError as error:
        return NoProof(UNDECIDED, f"{shown}: {error}")
