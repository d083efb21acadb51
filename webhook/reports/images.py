"""What image names mean, and what registries say about them: for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.agreement import Agreement
from webhook.core.facts import Unknown
from webhook.core.image import ImageRef
from webhook.core.origin import Origin, Stated
from webhook.core.printable import printable
from webhook.core.signals import DEFAULT
from webhook.reports.built import base_json, base_rows, build_json, build_rows
from webhook.reports.insides import inside_json, inside_rows
from webhook.reports.promotions import promotion_rows, promotions_json
from webhook.reports.strict_json import to_json
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from webhook.core.base_image import BaseImage
    from webhook.core.build import Build
    from webhook.core.inside import Inside
    from webhook.core.promotion_told import AllTold

MAX_LABELS_SHOWN = 50
"""Labels in the table; JSON has all of them. An image may carry thousands."""


class PlatformReport(msgspec.Struct, frozen=True, kw_only=True):
    """One platform of an image, as its config tells it."""

    platform: str
    digest: str
    """Of the platform's manifest; empty where a facts file does not say."""
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    """Those that answer what labels answer."""
    commit: Stated = Stated()
    source: Stated = Stated()
    created: Stated = Stated()
    """And who answers: the attested build, labels or annotations."""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    pid1: str = ""
    """What PID 1 would be without a Pod's own command, in words."""
    stop_signal: str = ""
    """STOPSIGNAL as written; empty where the image says none."""
    stops: str = ""
    """What that signal, or SIGTERM, does to PID 1: the predicate of a sentence."""
    inside: Inside | None = None
    """What its layers hold; None where nobody looked."""
    base: BaseImage | None = None
    """What it stands on; None where that is not known."""
    build: Build | Unknown | None = None
    """What its provenance attestation says; None where nobody asked."""
    disagreements: tuple[str, ...] = ()
    """What labels and attestation say differently, a clause each."""
    agreement: Agreement = Agreement.UNTOLD
    differences: tuple[str, ...] = ()
    """The same, and what annotations say differently."""


class Says(msgspec.Struct, frozen=True):
    """What the registry, or a facts file, says about a name now."""

    digest: str
    said_by: str
    platforms: tuple[PlatformReport, ...]
    inside: Unknown | None = None
    """Why the layers could not be looked into."""
    promotions: AllTold | Unknown | None = None
    """What is attached about its promotions; None where nobody asked."""


class ImageReport(msgspec.Struct, frozen=True):
    """One name as it was put in, and either what it means or why it means nothing."""

    input: str
    name: ImageRef | str
    """The text is the error."""
    says: Says | Unknown | None = None
    """None where nobody was asked."""

    @property
    def good(self) -> bool:
        """True when the name is valid and, where somebody was asked, there was an answer."""
        says = self.says
        unseen = isinstance(says, Says) and (
            says.inside is not None or isinstance(says.promotions, Unknown)
        )
        return isinstance(self.name, ImageRef) and not isinstance(says, Unknown) and not unseen


def image_json(report: ImageReport) -> str:
    """One line of JSON without its end: `input`, and either the parts of the name or `error`."""
    match report.name:
        case str(error):
            return to_json({"input": report.input, "error": error})
        case ref:
            parts: dict[str, object] = {
                "input": report.input,
                "registry": ref.registry,
                "repository": ref.repository,
                "tag": ref.tag,
                "digest": ref.digest,
            }
    match report.says:
        case Unknown(reason, detail):
            parts["unknown"] = {"reason": reason.value, "detail": detail}
        case Says(digest, said_by, platforms):
            parts["now"] = digest or None
            parts["saidBy"] = said_by
            parts["platforms"] = [_platform(platform) for platform in platforms]
            if report.says.inside is not None:
                parts["inside"] = inside_json(report.says.inside)
            parts |= promotions_json(report.says.promotions)
        case None:
            pass
    return to_json(parts)


def image_table(report: ImageReport) -> str:
    """A paragraph: the name as put in, and a line for every fact; the same on every width."""
    head = printable(report.input, MAX_SENTENCE)
    rows = (
        [("error", printable(report.name, MAX_SENTENCE))]
        if isinstance(report.name, str)
        else [*_name_rows(report.name), *_says_rows(report.says)]
    )
    return "".join([f"{head}\n", *(f"  {key:<11} {value}\n" for key, value in rows)])


def _platform(one: PlatformReport) -> Mapping[str, object]:
    return {
        "platform": one.platform,
        "digest": one.digest or None,
        "labels": dict(one.labels),
        "annotations": dict(one.annotations),
        "commit": one.commit.value or None,
        "commitFrom": one.commit.origin,
        "source": one.source.value or None,
        "sourceFrom": one.source.origin,
        "created": one.created.value or None,
        "createdFrom": one.created.origin,
        "differences": one.differences,
        "entrypoint": one.entrypoint,
        "cmd": one.cmd,
        "pid1": one.pid1,
        "stopSignal": one.stop_signal or None,
        "stops": one.stops or None,
        **({"inside": inside_json(one.inside)} if one.inside is not None else {}),
        **base_json(one.base),
        **build_json(one),
    }


def _name_rows(ref: ImageRef) -> Iterator[tuple[str, str]]:
    yield "registry", ref.registry
    yield "repository", ref.repository
    if ref.tag is not None:
        yield "tag", ref.tag
    if ref.digest is not None:
        yield "digest", ref.digest
    if ref.tag is None and ref.digest is None:
        yield "tag", "(none: a runtime takes latest)"


def _says_rows(says: Says | Unknown | None) -> Iterator[tuple[str, str]]:
    match says:
        case Unknown(reason, detail):
            yield "unknown", f"{reason}: {printable(detail, MAX_SENTENCE)}"
        case Says(digest, _, platforms):
            yield "now", digest or "(not told)"
            yield "platforms", ", ".join(printable(one.platform) for one in platforms)
            yield from _stated("commit", platforms, [one.commit for one in platforms])
            yield from _stated("source", platforms, [one.source for one in platforms])
            yield from _stated("built", platforms, [one.created for one in platforms])
            yield from _per_platform(
                "entrypoint", platforms, [_argv(one.entrypoint) for one in platforms]
            )
            yield from _per_platform("cmd", platforms, [_argv(one.cmd) for one in platforms])
            yield from _per_platform("PID 1", platforms, [one.pid1 for one in platforms])
            yield from _per_platform("stop signal", platforms, [_stop(one) for one in platforms])
            for one in platforms:
                if one.inside is not None:
                    yield from inside_rows(one.inside)
                yield from base_rows(one.base)
                yield from build_rows(one)
            for clause in _disputed(platforms):
                yield "disputed", printable(clause, MAX_SENTENCE)
            if says.inside is not None:
                detail = printable(says.inside.detail, MAX_SENTENCE)
                yield "inside", f"unknown, {says.inside.reason}: {detail}"
            yield from promotion_rows(says.promotions)
            yield from _pairs("label", platforms, [one.labels for one in platforms])
            yield from _pairs("annotation", platforms, [one.annotations for one in platforms])
        case None:
            return


def _per_platform(
    key: str, platforms: Sequence[PlatformReport], values: Sequence[str | None]
) -> Iterator[tuple[str, str]]:
    """One row where all platforms agree, else one for every value, with its platforms."""
    of: dict[str, list[str]] = {}
    for one, value in zip(platforms, values, strict=True):
        of.setdefault(value or "(none)", []).append(one.platform)
    for value, names in of.items():
        suffix = "" if len(of) == 1 else f"  ({printable(', '.join(names))})"
        yield key, f"{printable(value, MAX_SENTENCE)}{suffix}"


def _stated(
    key: str, platforms: Sequence[PlatformReport], answers: Sequence[Stated]
) -> Iterator[tuple[str, str]]:
    """The same for answers; who answers stands behind what labels do not."""
    whose = {Origin.BUILD: "  (by the build)", Origin.ANNOTATION: "  (by an annotation)"}
    values = [f"{one.value}{whose.get(one.origin, '') if one.origin else ''}" for one in answers]
    return _per_platform(key, platforms, values)


def _disputed(platforms: Sequence[PlatformReport]) -> Iterator[str]:
    """What else is said, but for what the row `agreement` says."""
    told = {clause for one in platforms for clause in one.disagreements}
    every = dict.fromkeys(clause for one in platforms for clause in one.differences)
    return (clause for clause in every if clause not in told)


def _stop(one: PlatformReport) -> str | None:
    if not one.stops:
        return one.stop_signal or None
    return f"{one.stop_signal or DEFAULT} {one.stops}"


def _pairs(
    key: str,
    platforms: Sequence[PlatformReport],
    each: Sequence[tuple[tuple[str, str], ...]],
) -> Iterator[tuple[str, str]]:
    of: dict[tuple[str, str], list[str]] = {}
    for one, pairs in zip(platforms, each, strict=True):
        for pair in pairs:
            of.setdefault(pair, []).append(one.platform)
    for count, ((name, value), names) in enumerate(of.items()):
        if count == MAX_LABELS_SHOWN:
            yield key, f"(and {len(of) - count} more; -o json shows all)"
            return
        suffix = "" if len(names) == len(platforms) else f"  ({printable(', '.join(names))})"
        yield key, f"{printable(name, MAX_NAME)}={printable(value, MAX_NAME)}{suffix}"


def _argv(words: Sequence[str]) -> str:
    return to_json(words) if words else ""
