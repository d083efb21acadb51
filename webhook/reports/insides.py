"""What lies inside an image, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import Unknown
from webhook.core.inside import ProgramKind
from webhook.core.printable import printable
from webhook.reports.purl import purl_of
from webhook.reports.strict_json import to_json
from webhook.reports.wording import MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from webhook.core.build import Voucher
    from webhook.core.inside import Inside, Program, System
    from webhook.layers.answers import Looked

_WIDTH = 34


def inside_rows(inside: Inside) -> Iterator[tuple[str, str]]:
    """Rows of the table: a word, and what there is to say."""
    yield "OS", system_line(inside.system)
    yield "packages", f"{inside.packages}{told_by(inside)}"
    for program in inside.programs:
        yield "program", f"{printable(program.word, MAX_SENTENCE)}: {program_line(program)}"


def told_by(inside: Inside) -> str:
    """Who listed the packages, where it was not the layers: «, by the SBOM in its index …»."""
    return "" if inside.voucher is None else f", by the SBOM {inside.voucher}"


def notes(looked: Looked, problems: Sequence[str]) -> Iterator[str]:
    """What is to be said beside a list of packages: by whom it is, what is missing, what failed."""
    if looked.inside.voucher is not None:
        yield f"listed by the SBOM {looked.inside.voucher}; its layers were not asked for packages"
    if looked.problem:
        yield looked.problem
    for problem in problems:
        yield f"attached, and not counted: {printable(problem, MAX_SENTENCE)}"


def system_line(system: System) -> str:
    """The system in one line, and until when somebody mends it."""
    text = printable(system.name or "unknown", MAX_SENTENCE)
    if system.variant:
        text += f", {printable(system.variant, MAX_SENTENCE)}"
    return f"{text}, end of life {system.until}" if system.until else text


def program_line(program: Program) -> str:
    """What a program is, in one line."""
    match program.kind:
        case ProgramKind.ELF:
            how = f", {program.built}" if program.built else ""
            text = f"ELF {program.machine or 'of another machine'}{how}"
        case ProgramKind.SCRIPT:
            text = f"script of {' '.join(program.interpreter)}"
        case kind:
            text = str(kind)
    lines = "; ".join(
        f"{end.how}: {end.line}" if end.line else str(end.how) for end in program.ends
    )
    ends = f" → {lines}" if lines else ""
    where = f" ({program.path})" if program.path not in {"", program.word} else ""
    return printable(f"{text}{where}{ends}", MAX_SENTENCE)


def inside_json(inside: Inside | Unknown) -> Mapping[str, object]:
    """The same as plain data."""
    if isinstance(inside, Unknown):
        return {"unknown": {"reason": inside.reason.value, "detail": inside.detail}}
    system = inside.system
    return {
        "source": inside.source,
        "attestation": voucher_json(inside.voucher),
        "os": {
            "id": system.id,
            "name": system.name,
            "version": system.version,
            "variant": system.variant or None,
            "endOfLife": system.until or None,
        },
        "packages": inside.packages,
        "programs": [
            {
                "word": one.word,
                "kind": one.kind.value,
                "path": one.path or None,
                "interpreter": one.interpreter,
                "machine": one.machine or None,
                "built": one.built or None,
                "ends": [
                    {"how": end.how.value, "argv": end.argv, "line": end.line} for end in one.ends
                ],
            }
            for one in inside.programs
        ],
        "inits": inside.inits,
    }


def voucher_json(voucher: Voucher | None) -> Mapping[str, object] | None:
    """Where an attestation lies, whether it is signed, and which keys verified it."""
    if voucher is None:
        return None
    return {"place": voucher.place.value, "signed": voucher.signed, "signers": voucher.signers}


def package_lines(looked: Looked) -> Iterator[str]:
    """One line a package: name, version, architecture, between blanks."""
    for one in looked.packages:
        last = one.architecture or one.language
        columns = (one.name.ljust(_WIDTH), one.version.ljust(_WIDTH), last)
        yield printable(" ".join(columns).rstrip(), MAX_SENTENCE)


def packages_json(name: str, digest: str, looked: Looked) -> str:
    """One JSON object: the image, its packages, and what could not be listed."""
    system = looked.inside.system
    return to_json(
        {
            "image": name,
            "digest": digest,
            "os": system.name,
            "source": looked.inside.source,
            "attestation": voucher_json(looked.inside.voucher),
            "problem": looked.problem or None,
            "packages": [
                {
                    "name": one.name,
                    "version": one.version,
                    "architecture": one.architecture,
                    "purl": purl_of(one, looked.kind, system),
                }
                for one in looked.packages
            ],
        }
    )
