"""What `cocket promote` does: check, copy, leave evidence, tell the name to deploy."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec
import uvloop
from msgspec.structs import replace

from webhook import __version__
from webhook.cli import complain
from webhook.cli.exit_codes import FOUND, GOOD, UNDECIDED
from webhook.cli.policies import HOWEVER_LONG, to_stderr
from webhook.cli.registry_client import open_registry_client
from webhook.cli.terminal import Bar
from webhook.core import resources
from webhook.core.image import ImageRef
from webhook.core.policy import Policy
from webhook.core.selector import Selector
from webhook.core.workload import ImageUse, Role, Workload
from webhook.engine import Engine
from webhook.errors import InputError, RegistryError
from webhook.manifests import read_documents
from webhook.promote.destination import Destination, destination, tagged
from webhook.promote.promotion import Outcome, promote
from webhook.promote.signing import Signer, load_signer
from webhook.promote.statement import Build, Check, Promoted
from webhook.registry.limits import Limits
from webhook.registry.questions import Questions
from webhook.reports.wording import sentence
from webhook.settings import read_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.core.policy import PolicySet
    from webhook.core.verdict import Finding, Verdict
    from webhook.registry.client import RegistryClient

_NOT_ASKED = frozenset({"registry", "promotion", "stop"})
"""What they ask for comes about by the promotion, or stands in the Pod: its grace period."""
_CHECK_SECONDS = 60.0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The command line."""

    source: str
    to: str
    tags: tuple[str, ...] = ()
    policies: tuple[Path, ...] = ()
    resolve: bool = False
    repository: str = ""
    docker_config: Path | None = None
    """Logins of the person who promotes, for Registries that name none; None: nobody's."""
    key_file: Path | None = None
    evidence: bool = True
    by: str = ""
    build_url: str = ""
    build_number: str = ""
    commit: str = ""


class _Refused(Exception):  # noqa: N818 - a no, and no error
    """A policy does not let it pass."""


def run(wanted: Wanted, *, form: Literal["text", "json"], quiet: bool, terminal: bool) -> int:
    """Promote, print, and tell the exit code.

    Raises:
        InputError: an argument or a file cannot be used.
    """
    ref = ImageRef.parse(wanted.source)
    if not ref.pinned and not (wanted.resolve and ref.digest is None):
        raise InputError(
            f"{wanted.source} is a tag, and tags move: write {ref.name}@sha256:…, which "
            "`cocket resolve` prints, or --resolve to promote what it points to now"
        )
    policies = _policies(wanted.policies, quiet=quiet)
    signer = None
    if wanted.key_file is not None:
        signer = load_signer(wanted.key_file, read_pipeline().key_password)
    with Bar(shown=terminal and not quiet, quiet=quiet) as bar:
        try:
            where, outcome = uvloop.run(_promote(wanted, ref, policies, signer, bar))
        except _Refused:
            return FOUND
        except RegistryError as error:
            complain(str(error))
            return UNDECIDED
    deployed = str(tagged(where.target, wanted.tags))
    if form == "json":
        click.echo(_json(deployed, where, outcome, signer))
    else:
        click.echo(deployed)
    if not quiet:
        click.echo(_summary(outcome, signer), err=True)
    return GOOD


def _policies(files: Sequence[Path], *, quiet: bool) -> PolicySet:
    """The policies of the files; the built-in one where they hold Registries alone."""
    loaded = resources.load_policies(
        chain.from_iterable(map(read_documents, files)),
        policy_required=False,
        max_exception_days=HOWEVER_LONG,
        now=datetime.now(UTC),
    )
    if not quiet:
        for warning in loaded.warnings:
            to_stderr(warning)
    if loaded.policies.policies:
        return loaded.policies
    return replace(loaded.policies, policies=resources.default_policies().policies.policies)


async def _promote(
    wanted: Wanted, ref: ImageRef, policies: PolicySet, signer: Signer | None, bar: Bar
) -> tuple[Destination, Outcome]:
    # A copy has tries of its own, and four blobs that break off together are one hiccup.
    limits = Limits(image_seconds=_CHECK_SECONDS, breaking=False)
    async with open_registry_client(wanted.docker_config, writes=True, limits=limits) as client:
        # Names are looked at before anybody is asked.
        where = destination(ref, wanted.to, policies.registries, wanted.repository)
        tagged(where.target, wanted.tags)
        if ref.digest is None:
            access = await client.access(ref, where.source_registry)
            top = await access.reading(_CHECK_SECONDS).by_tag(ref.tag or "latest")
            ref = ref.with_digest(top.digest)
            bar.note(f"{wanted.source} is {top.digest} now")
            where = destination(ref, wanted.to, policies.registries, wanted.repository)
        verdict = await _check(ref, where, policies, client)
        _tell(verdict, ref, bar)
        promoted = _promoted(wanted, where, verdict) if wanted.evidence else None
        outcome = await promote(
            client, where, bar, tags=wanted.tags, promoted=promoted, signer=signer
        )
        return where, outcome


async def _check(
    ref: ImageRef, where: Destination, policies: PolicySet, client: RegistryClient
) -> Verdict:
    """What the rules say that look at the image itself; every policy of the files is asked."""
    asked = tuple(filter(None, map(_about_images, policies.policies)))
    now = datetime.now(UTC)
    registries = policies.registries
    if registries.of(ref) is None:
        registries = type(registries)([*registries.all, replace(where.source_registry, name="-")])
    judged = replace(policies, policies=asked, registries=registries, exceptions=())
    questions = Questions(client)
    engine = Engine(
        policies=lambda: judged,
        source=questions.source(lambda: judged),
        namespaces=lambda _: None,
        clock=lambda: now,
    )
    use = ImageUse(container="", role=Role.CONTAINER, pointer="", image=str(replace(ref, tag=None)))
    workload = Workload(kind="Pod", namespace="", name="", images=(use,))
    try:
        return await engine.review(workload, _CHECK_SECONDS)
    finally:
        await questions.close()


def _about_images(policy: Policy) -> Policy | None:
    """The policy as it is asked here: everywhere, and without what is about registries."""
    rules = tuple(
        active
        for active in policy.rules
        if active.rule.needs and active.rule.name not in _NOT_ASKED
    )
    return replace(policy, rules=rules, namespace="", namespaces=Selector()) if rules else None


def _tell(verdict: Verdict, ref: ImageRef, bar: Bar) -> None:
    """Say what is wrong with the image.

    Raises:
        _Refused: it must not be promoted.
    """
    for finding in verdict.bad:
        if not finding.denies:
            bar.note(f"{finding.policy}: {finding.rule}: {sentence(finding)}")
    if not verdict.allowed:
        complain(
            *[
                f"{replace(ref, tag=None)} is not promoted: {one.policy}: {one.rule}: "
                f"{sentence(one)}"
                for one in verdict.denials
            ]
        )
        raise _Refused


def _promoted(wanted: Wanted, where: Destination, verdict: Verdict) -> Promoted:
    pipeline = read_pipeline()
    return Promoted(
        source=where.source,
        target=where.target,
        when=datetime.now(UTC),
        who=wanted.by or pipeline.user,
        build=Build(
            url=wanted.build_url or pipeline.url,
            number=wanted.build_number or pipeline.number,
            commit=wanted.commit or pipeline.commit,
        ),
        checks=_checks(verdict.findings),
        version=__version__,
    )


def _checks(findings: Iterable[Finding]) -> tuple[Check, ...]:
    found = {(one.policy, one.rule): one.outcome.value for one in findings}
    return tuple(Check(policy, rule, outcome) for (policy, rule), outcome in found.items())


def _summary(outcome: Outcome, signer: Signer | None) -> str:
    copied = outcome.copied
    parts = [f"{copied.blobs} blobs copied ({copied.bytes} bytes), {copied.there} were there"]
    if outcome.artifacts:
        parts.append(f"{outcome.artifacts} attached")
    if outcome.evidence:
        signed = "signed" if signer is not None else "not signed, so that no policy counts it"
        parts.append(f"evidence {outcome.evidence[:19]}… ({signed})")
    return "; ".join(parts)


def _json(deployed: str, where: Destination, outcome: Outcome, signer: Signer | None) -> str:
    document = {
        "image": deployed,
        "digest": where.target.digest,
        "from": where.source.name,
        "to": where.target.name,
        "blobs": {
            "copied": outcome.copied.blobs,
            "bytes": outcome.copied.bytes,
            "present": outcome.copied.there,
        },
        "attached": outcome.artifacts,
        "evidence": {
            "manifest": outcome.evidence,
            "signedBy": None if signer is None else signer.public.fingerprint,
        }
        if outcome.evidence
        else None,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
