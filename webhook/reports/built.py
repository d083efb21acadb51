"""What the builder says of an image, and what it stands on: for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webhook.core.agreement import Agreement
from webhook.core.facts import Unknown
from webhook.core.printable import printable
from webhook.reports.insides import voucher_json
from webhook.reports.wording import MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webhook.core.base_image import BaseImage
    from webhook.core.build import Build

_AGREES = {
    Agreement.AGREES: "label and build say the same commit",
    Agreement.UNTOLD: "(not told: label and build do not both name a commit)",
}


class Compared(Protocol):
    """A platform whose labels were compared with its build."""

    @property
    def build(self) -> Build | Unknown | None:
        """What its provenance attestation says; None where nobody asked."""

    @property
    def agreement(self) -> Agreement:
        """How the two stand to each other."""

    @property
    def disagreements(self) -> tuple[str, ...]:
        """What they say differently, a clause each."""


def base_rows(base: BaseImage | None) -> Iterator[tuple[str, str]]:
    """Rows of the table about the base; none where it is not known."""
    if base is None:
        return
    name = base.name or "(no name)"
    shown = f"{name}@{base.digest}" if base.digest and "@" not in name else name
    if not base.found:
        shown += " (as it says; its layers were not found in the image)"
    yield "base", printable(shown, MAX_SENTENCE)
    notes = tuple(f"annotation {name}" for name in base.annotations)
    if base.labels or notes:
        yield "inherited", printable(", ".join((*base.labels, *notes)), MAX_SENTENCE)


def base_json(base: BaseImage | None) -> Mapping[str, object]:
    """The same as plain data: `base`, where it is known."""
    if base is None:
        return {}
    return {
        "base": {
            "name": base.name or None,
            "digest": base.digest or None,
            "found": base.found,
            "labels": base.labels,
            "annotations": base.annotations,
        }
    }


def build_rows(one: Compared) -> Iterator[tuple[str, str]]:
    """Rows of the table; none where nobody asked."""
    build = one.build
    if build is None:
        return
    if isinstance(build, Unknown):
        yield "build", f"unknown, {build.reason}: {printable(build.detail, MAX_SENTENCE)}"
        return
    if build.voucher is None:
        why = f": {build.problem}" if build.problem else ""
        yield "build", printable(f"(no provenance attestation{why})", MAX_SENTENCE)
        return
    dirty = " with changes that are in no commit" if build.dirty else ""
    said = f"commit {build.commit}{dirty}" if build.commit else "(no commit)"
    source = f" of {build.source}" if build.source else ""
    by = f" by {build.builder}" if build.builder else ""
    yield "build", printable(f"{said}{source}{by}", MAX_SENTENCE)
    yield "provenance", str(build.voucher)
    told = _AGREES.get(one.agreement) or "; ".join(one.disagreements)
    yield "agreement", printable(told, MAX_SENTENCE)


def build_json(one: Compared) -> Mapping[str, object]:
    """The same as plain data: `build`, and `agreement` where there is something to compare."""
    build = one.build
    if build is None:
        return {}
    if isinstance(build, Unknown):
        return {"build": {"unknown": {"reason": build.reason.value, "detail": build.detail}}}
    return {
        "build": {
            "commit": build.commit or None,
            "dirty": build.dirty,
            "source": build.source or None,
            "builder": build.builder or None,
            "attestation": voucher_json(build.voucher),
            "problem": build.problem or None,
        },
        "agreement": one.agreement.value,
        "disagreements": one.disagreements,
    }
