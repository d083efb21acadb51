"""What a registry says about a name, in the words of the rules that would judge it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.agreement import Agreement, disagreements
from webhook.core.build import Build
from webhook.core.claims import claims
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.origin import answers_of
from webhook.core.pid1 import pid1
from webhook.core.signals import DEFAULT, read_signal
from webhook.core.stopping import stopping, summary
from webhook.core.workload import Workload
from webhook.errors import RegistryError
from webhook.reports.images import ImageReport, PlatformReport, Says

if TYPE_CHECKING:
    from webhook.core.facts import PlatformImage
    from webhook.engine import Source

_NEEDS = frozenset({Need.DIGEST, Need.CONFIG})
_NOBODY = Workload(kind="", namespace="", name="")
"""Nobody's Pod: a name on the command line brings no pull secrets."""


async def describe(report: ImageReport, source: Source, patience: float) -> ImageReport:
    """The report with what `source` says, within `patience` seconds; as it is where no name is."""
    if not isinstance(report.name, ImageRef):
        return report
    answer = await answered(report.name, source, patience)
    return replace(report, says=answer if isinstance(answer, Unknown) else says(answer))


async def answered(ref: ImageRef, source: Source, patience: float) -> ImageFacts | Unknown:
    """What `source` says about a name, within `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            known = source.known(ref, _NEEDS)
            return known or await source.learn(ref, _NEEDS, _NOBODY)
    except TimeoutError:
        return Unknown(Reason.TIMED_OUT, f"no answer within {patience:g} s")
    except RegistryError as error:
        return Unknown(error.reason, str(error))


def says(facts: ImageFacts) -> Says:
    """Facts as they are reported."""
    return Says(facts.digest, facts.source, tuple(map(_platform, facts.platforms)))


def _platform(one: PlatformImage) -> PlatformReport:
    config = one.config
    claimed, said = claims(config, base=one.base), answers_of(one)
    built = one.build if isinstance(one.build, Build) else Build()
    found = pid1(config, one.inside)
    signal = read_signal(config.stop_signal or DEFAULT)
    stops = "is no signal"
    if signal:
        stops = summary(stopping(found.process, signal, alone=True))
    return PlatformReport(
        platform=one.platform,
        digest=one.digest,
        labels=config.labels,
        annotations=one.annotations,
        commit=said.commit,
        source=said.source,
        created=said.built,
        entrypoint=config.entrypoint,
        cmd=config.cmd,
        pid1=found.summary,
        stop_signal=config.stop_signal,
        stops=stops,
        inside=one.inside,
        base=one.base,
        build=one.build,
        agreement=said.agreement or Agreement.UNTOLD,
        disagreements=disagreements(claimed, built),
        differences=said.differences,
    )
