"""What has to be done about the facts of one digest: decided from values, done elsewhere."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason, Unknown
from webhook.core.printable import printable
from webhook.core.recorded import MAX_REGISTRIES
from webhook.operator.recorded_facts import fingerprint
from webhook.operator.registry_gate import OF_THE_REGISTRY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webhook.core.image import ImageRef
    from webhook.core.registries import Registries, Registry
    from webhook.operator.recorded_facts import Recorded
    from webhook.operator.usage import UsedBy

_SHORT_RETRY = 300.0
"""Seconds at most until an image is asked for again after its registry was in trouble."""
_MOST_DOUBLINGS = 16


class FactsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How often, how long, how many."""

    used_by_seconds: float = 60.0
    """Between two writes of one object's `status.usedBy`: a rollout changes it a thousand times."""
    keep_unused: timedelta = timedelta(days=7)
    """How long facts stay that nobody uses: rolled back is within days, mostly."""
    writes_per_second: float = 20.0
    """Of all objects together. A new cluster with 10,000 digests takes a quarter of an hour."""
    asks_per_registry: int = 4
    first_retry_seconds: float = 15.0
    """Until an image is asked for again that could not be learned; doubles, up to the next one."""
    longest_retry_seconds: float = 3600.0
    most_objects: int = 250_000
    """Beyond, digests are left unrecorded: etcd is shared with everybody. At 3 KB, 750 MB."""
    sweep_seconds: float = 300.0
    """Between two looks at what nobody uses."""
    progress_seconds: float = 10.0
    looks_at_once: int = 1
    """Images whose layers are read at one time, each in a thread; 0: layers are never read."""
    platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64")
    """Whose layers are read; of an image that has none of them, those of the first."""
    layer_bytes: int = 4 * 1024 * 1024 * 1024
    """Of one platform's layers, as they are stored; a larger image is not looked into."""
    layer_seconds: float = 600.0
    layer_cache_bytes: int = 32 * 1024 * 1024
    """Of what was found in layers, by digest: images share them."""
    contents_bytes: int = 64 * 1024 * 1024
    """Of all package lists in the cluster. etcd holds 2 GB by default, for everybody."""


class Trouble(msgspec.Struct, frozen=True):
    """Why a digest could not be learned, and when it is tried again."""

    unknown: Unknown
    failures: int = 0
    until: float = 0.0
    """Seconds of the loop's clock; infinite: only when a Registry changes."""


class Ask(msgspec.Struct, frozen=True):
    """A question that can be asked."""

    ref: ImageRef
    registry: Registry


class Step(StrEnum):
    """What to do next about one digest."""

    NOTHING = "nothing"
    LEARN = "learn"
    RECORD = "record"
    """That it is in use, and why it could not be learned."""
    REPAIR = "repair"
    """Somebody else changed what the registry said."""
    COUNT = "count"
    """Write who uses it, or since when nobody does."""
    DELETE = "delete"


def questions(
    names: Sequence[ImageRef], recorded: Recorded | None, registries: Registries
) -> list[Ask]:
    """What can still be asked about a digest: every registry that it is used from, once learned.

    Only configured registries come up.
    """
    if recorded is not None and len(recorded.registries) >= MAX_REGISTRIES:
        return []
    seen = recorded.registries if recorded is not None and recorded.learned else ()
    found = [(ref, registries.of(ref)) for ref in names]
    return [
        Ask(ref, registry)
        for ref, registry in found
        if registry is not None and not registry.broken and registry.name not in seen
    ]


def step_of(
    recorded: Recorded | None,
    *,
    used: bool,
    in_pods: bool,
    may_ask: bool,
    unknown: Unknown | None,
) -> Step:
    """What to do about what is known of a digest.

    A digest that only templates name is not recorded before it is learned: to be recorded as in use
    lets it pass under `onUnknown: allowKnown`, and a template may have passed with a warning.

    Args:
        recorded: what its object says; None where there is none.
        used: whether any object names it.
        in_pods: whether a Pod does.
        may_ask: whether there is a registry to ask, now.
        unknown: why it could not be learned; None where that was not tried yet.
    """
    if recorded is not None and not recorded.ours:
        return Step.REPAIR
    if not used:
        return Step.NOTHING
    if may_ask:
        return Step.LEARN
    if unknown is None or (recorded is not None and recorded.learned):
        return Step.NOTHING
    if recorded is None:
        return Step.RECORD if in_pods else Step.NOTHING
    return Step.NOTHING if recorded.reason == unknown.reason.token else Step.RECORD


def count_step(
    recorded: Recorded,
    used_by: UsedBy,
    *,
    settled: bool,
    whole: bool,
    now: datetime,
    keep_unused: timedelta,
) -> Step:
    """What to do about who uses a digest.

    Args:
        recorded: what its object says.
        used_by: what was counted.
        settled: whether everything that can be counted was.
        whole: whether nothing can have been overlooked; without that, a zero is not believed.
        now: aware.
        keep_unused: how long facts stay that nobody uses.
    """
    since = recorded.unused_since
    if used_by.count:
        same = recorded.used_by == fingerprint(used_by) and since is None
        return Step.COUNT if settled and not same else Step.NOTHING
    if not whole:
        return Step.NOTHING
    if since is None or recorded.used_by != fingerprint(used_by):
        return Step.COUNT
    return Step.DELETE if now - since >= keep_unused else Step.NOTHING


def trouble_after(
    before: Trouble | None, unknown: Unknown, now: float, chance: float, options: FactsOptions
) -> Trouble:
    """The trouble after one more failure.

    Args:
        before: the trouble until now.
        unknown: why it failed this time.
        now: seconds of the loop's clock.
        chance: from 0 to 1, so that many do not come back at one moment.
        options: the bounds of the pause.
    """
    if unknown.reason is Reason.NOT_CONFIGURED:
        return Trouble(unknown, until=float("inf"))
    failures = min((before.failures if before else 0) + 1, _MOST_DOUBLINGS)
    longest = options.longest_retry_seconds
    if unknown.reason in OF_THE_REGISTRY:
        longest = min(longest, _SHORT_RETRY)
    pause = min(options.first_retry_seconds * 2.0 ** (failures - 1), longest)
    return Trouble(unknown, failures, now + pause * (0.5 + 0.5 * chance))


def not_configured(names: Sequence[ImageRef]) -> Unknown:
    """Why a digest in use cannot be asked about, in a sentence that names it."""
    shown = printable(names[0].name, 200) if names else "it"
    return Unknown(Reason.NOT_CONFIGURED, f"no Registry that can be asked serves {shown}")
