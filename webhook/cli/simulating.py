"""What `cocket policy simulate` runs: documents of files beside those of the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.cli.auditing import auditing
from webhook.cli.inputs import STDIN
from webhook.cli.names import standard_input
from webhook.core.candidates import candidate
from webhook.manifests import read_bytes, read_documents
from webhook.manifests.files import MAX_BYTES
from webhook.reports.simulated import simulated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from webhook.cli.auditing import Asked
    from webhook.cli.terminal import AuditProgress
    from webhook.core.document import Document
    from webhook.reports.simulated import Simulation


async def simulation(
    asked: Asked,
    paths: Iterable[str],
    warn: Callable[[str], None],
    progress: AuditProgress | None,
) -> Simulation:
    """Look at the cluster once, and judge it twice.

    Raises:
        InputError: a document cannot be used, there is no cluster to log in to, or it cannot be
            read.
    """
    documents = [one for path in paths for one in _documents(path)]
    async with auditing(asked, warn, progress) as one:
        before, after, made = await one.compare(
            lambda gathered: candidate(gathered, documents, one.now)
        )
    for warning in made.warnings:
        warn(warning)
    return simulated(before, after, made)


def _documents(path: str) -> Iterator[Document]:
    if path == STDIN:
        return read_bytes(standard_input().read(MAX_BYTES + 1), STDIN)
    return read_documents(path)
