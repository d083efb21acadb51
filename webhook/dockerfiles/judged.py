"""A Dockerfile under policies: what it names by the rules for names, what it builds by the others.

The rules are those of the policies, and so are the words; `registry` is not asked, because what a
Dockerfile names is built on, and never runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.facts import Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.judge import judge
from webhook.core.labels import LABEL_NAMES
from webhook.core.printable import printable
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.core.workload import ImageUse, Role, Workload
from webhook.dockerfiles.built_rules import (
    COMES_WITH_BUILD,
    MAX_LISTED,
    MAX_NAME,
    ON_SCRATCH,
    BaseDigest,
    BuiltInit,
    BuiltProvenance,
    starts_itself,
)
from webhook.dockerfiles.packages import unversioned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from webhook.core.facts import ImageFacts
    from webhook.core.judge import InvalidImage
    from webhook.core.policy import Policy
    from webhook.core.rules.protocol import Rule
    from webhook.dockerfiles.packages import Install
    from webhook.dockerfiles.stages import Base, Build, Stage

KIND = "Dockerfile"
PACKAGES = "packages"
"""The one thing that is said and that no policy asks about: a warning, always."""

_NOWHERE = ImageRef("", "")


def workload_of_build(build: Build, name: str) -> Workload:
    """What a Dockerfile names, as a workload; like a template it is early feedback."""
    uses = [
        ImageUse(one.stage, Role.BASE, f"/bases/{number}", one.image.text)
        for number, one in enumerate(build.bases)
    ]
    return Workload(kind=KIND, namespace="", name=name, template=True, images=tuple(uses))


def lines_of_build(build: Build) -> Mapping[str, int]:
    """The line of every pointer of its findings."""
    says = build.final.says
    labels = [
        says.lines[label]
        for names in LABEL_NAMES.values()
        for label in names.values()
        if label in says.labels
    ]
    return {
        **{f"/bases/{number}": one.line for number, one in enumerate(build.bases)},
        **{f"/run/{one.line}": one.line for _, one in build.runs},
        "/init": says.lines.get("ENTRYPOINT", says.lines.get("CMD", build.final.line)),
        "/provenance": min(labels, default=build.final.line),
    }


def to_learn(build: Build, policies: Sequence[Policy]) -> Mapping[str, frozenset[Need]]:
    """The names that somebody must be asked about, and what the rules want to know of each."""
    rules = {active.rule.name for policy in policies for active in policy.rules}
    wanted: dict[str, frozenset[Need]] = {}
    for one in build.bases:
        needs = {Need.DIGEST} if DigestRule.name in rules else set()
        if InitRule.name in rules and one is build.final.base and not starts_itself(build.final):
            needs.add(Need.CONFIG)
        if one.image.known and needs:
            wanted[one.image.text] = wanted.get(one.image.text, frozenset()) | needs
    return wanted


def judge_build(
    build: Build,
    workload: Workload,
    images: Mapping[str, Image | InvalidImage],
    policies: Sequence[Policy],
    now: datetime,
) -> Verdict:
    """The verdict on a Dockerfile.

    Args:
        build: what it says.
        workload: what `workload_of_build` makes of it.
        images: what was learned, by name as written; a name that comes with the build may lack.
        policies: those that cover it.
        now: aware time of the judgement.
    """
    named = {
        **{
            one.image.text: Image(_NOWHERE, COMES_WITH_BUILD)
            if not one.image.known
            else Image(_NOWHERE, Unknown(Reason.NOT_CONFIGURED))
            for one in build.bases
        },
        **images,
    }
    bases = judge(workload, named, _with(policies, _name_rule), now)
    whole = replace(
        workload, images=(ImageUse(container="", role=Role.CONTAINER, pointer="", image=""),)
    )
    made = judge(
        whole,
        {"": Image(_NOWHERE, _base_facts(build.final.base, named))},
        _with(policies, lambda rule: _built_rule(rule, build.final)),
        now,
    )
    return Verdict(
        (
            *bases.findings,
            *(replace(one, pointer=f"/{one.rule}") for one in made.findings),
            *_package_findings(build),
        )
    )


def _with(policies: Sequence[Policy], choose: Callable[[Rule], Rule | None]) -> tuple[Policy, ...]:
    """The policies with the rules that `choose` makes of theirs; those without any are left out."""
    changed: list[Policy] = []
    for policy in policies:
        rules = tuple(
            replace(active, rule=rule)
            for active in policy.rules
            if (rule := choose(active.rule)) is not None
        )
        if rules:
            changed.append(replace(policy, rules=rules))
    return tuple(changed)


def _name_rule(rule: Rule) -> Rule | None:
    return BaseDigest(rule) if isinstance(rule, DigestRule) else None


def _built_rule(rule: Rule, final: Stage) -> Rule | None:
    if isinstance(rule, InitRule):
        # No Pod is here that could share its processes.
        return BuiltInit(replace(rule, accept_shared_process_namespace=False), final)
    return BuiltProvenance(rule, final) if isinstance(rule, ProvenanceRule) else None


def _base_facts(
    base: Base | None, images: Mapping[str, Image | InvalidImage]
) -> ImageFacts | Unknown:
    if base is None:
        return ON_SCRATCH
    found = images[base.image.text]
    if isinstance(found, Image):
        return found.facts
    return Unknown(Reason.BAD_CONTENT, f"its base is no image: {found.message}")


def _package_findings(build: Build) -> Sequence[Finding]:
    return [
        Finding(
            policy="",
            rule=PACKAGES,
            outcome=Outcome.FAIL,
            reason=None,
            mode=Mode.WARN,
            container=stage,
            role=Role.BASE,
            pointer=f"/run/{run.line}",
            image="",
            message=f"{install.program} takes what is newest: {_some(install.packages)}.",
            fix=f"Say the versions: {_pinned(install)}.",
        )
        for stage, run in build.runs
        for install in unversioned("\n".join((run.text, *run.documents)))
    ]


def _some(names: Sequence[str]) -> str:
    shown = printable(", ".join(names[:MAX_LISTED]), MAX_NAME)
    more = len(names) - MAX_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _pinned(install: Install) -> str:
    equals = "==" if install.program.startswith("pip") else "="
    return f"{printable(install.packages[0], MAX_NAME)}{equals}VERSION"
