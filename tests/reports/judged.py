"""Builders of audits for the tests of reports: owners judged by the real rules."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.inside import Inside, System
from webhook.core.judge import judge
from webhook.core.policy import ActiveRule, OnUnknown, Policy
from webhook.core.registries import Registries, Registry
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.verdict import Mode
from webhook.core.workload import ImageUse, Role, Workload
from webhook.reports.audited import Audit, Audited, Owner, RunningImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.exception import ImageException

TAKEN = datetime(2026, 11, 28, 17, 5, tzinfo=UTC)
REGISTRIES = Registries(
    [
        Registry(
            name="prod", host="registry.example.com", path=("prod",), environment="production"
        ),
        Registry(
            name="preprod", host="registry.example.com", path=("preprod",), environment="staging"
        ),
        Registry(name="hub", host="docker.io", environment="public"),
    ]
)
TINI = ("/sbin/tini", "--")
MODES = {"shop": Mode.ENFORCE, "payments": Mode.ENFORCE, "search": Mode.WARN}
"""By namespace; the others are in mode audit."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One container of the shop."""

    image: str
    entrypoint: tuple[str, ...] = TINI
    cmd: tuple[str, ...] = ("node", "server.js")
    source: str = "https://github.com/acme/web"
    days: int = 8
    """Between build and audit."""
    known: bool = True
    role: Role = Role.CONTAINER
    name: str = "app"
    drifts: bool = False
    system: System = System()
    """What its layers say; nobody looked where it has no name."""


def digest_of(text: str) -> str:
    """A digest that is the same in every run."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def pinned(name: str) -> str:
    """The image by its digest."""
    return f"registry.example.com/prod/{name}@{digest_of(name)}"


def policy(mode: Mode, name: str) -> Policy:
    """All four rules in one mode; what could not be checked warns."""
    rules = (
        DigestRule(),
        RegistryRule(environments=("production",), registries=REGISTRIES),
        ProvenanceRule(),
        InitRule(),
    )
    active = tuple(ActiveRule(rule, mode) for rule in rules)
    return Policy(name=name, rules=active, on_unknown=OnUnknown.WARN)


def facts(sample: Sample) -> ImageFacts | Unknown:
    """What its registry says about the image."""
    if not sample.known:
        return Unknown(Reason.NOT_CONFIGURED, "no Registry covers it")
    labels = {}
    if sample.source:
        built = TAKEN - timedelta(days=sample.days)
        labels = {
            "org.opencontainers.image.revision": digest_of(sample.image)[7:47],
            "org.opencontainers.image.source": sample.source,
            "org.opencontainers.image.created": f"{built:%Y-%m-%dT08:00:00Z}",
        }
    config = ImageConfig(
        os="linux",
        architecture="amd64",
        entrypoint=sample.entrypoint,
        cmd=sample.cmd,
        labels=tuple(sorted(labels.items())),
    )
    digest = sample.image.partition("@")[2] or digest_of(sample.image)
    inside = Inside(system=sample.system, source="layers") if sample.system.name else None
    platform = PlatformImage("linux/amd64", digest_of(f"amd64 {sample.image}"), config, inside)
    return ImageFacts(digest=digest, platforms=(platform,), source="recorded in the cluster")


def audited(
    kind: str,
    namespace: str,
    name: str,
    *samples: Sample,
    pods: int = 1,
    policies: Sequence[Policy] | None = None,
    exceptions: Sequence[ImageException] = (),
) -> Audited:
    """One owner, judged as admission would judge its Pods."""
    uses = tuple(
        ImageUse(one.name, one.role, f"/spec/containers/{number}/image", one.image)
        for number, one in enumerate(samples)
    )
    known = {one.image: facts(one) for one in samples}
    if policies is None:
        mode = MODES.get(namespace, Mode.AUDIT)
        policies = (policy(mode, "production" if mode is Mode.ENFORCE else "everything"),)
    pod = Workload(kind="Pod", namespace=namespace, name=f"{name}-7d4b9", images=uses)
    images = {text: Image(ImageRef.parse(text), said) for text, said in known.items()}
    verdict = judge(pod, images, policies, TAKEN, exceptions=exceptions)
    places = []
    for use, one in zip(uses, samples, strict=True):
        said = known[one.image]
        configured = REGISTRIES.of(ImageRef.parse(one.image))
        digest = said.digest if isinstance(said, ImageFacts) else ""
        places.append(
            RunningImage(
                use=use,
                digest=digest,
                facts=said,
                running=(digest_of(f"moved {digest}"),) if one.drifts else (digest,) * bool(digest),
                environment=configured.environment if configured else "",
            )
        )
    owner = Owner(api_version="apps/v1", kind=kind, namespace=namespace, name=name)
    return Audited(owner=owner, pods=pods, verdict=verdict, images=tuple(places))


def many(owners: int) -> Audit:
    """As many owners, of a tenth as many images."""
    found = []
    for number in range(owners):
        image = number % max(1, owners // 10)
        name = f"registry.example.com/prod/service-{image}"
        bad = image % 3 == 0
        sample = Sample(
            image=f"{name}:1.{image}" if bad else f"{name}@{digest_of(name)}",
            entrypoint=TINI if image % 4 else (),
            days=image % 200,
            source=f"https://github.com/acme/service-{image}",
        )
        namespace, owner = f"team-{number % 40:02}", f"service-{number:05}"
        found.append(audited("Deployment", namespace, owner, sample, pods=1 + number % 9))
    return audit(*found)


def audit(*found: Audited, missing: tuple[str, ...] = (), cluster: str = "prod-eu-1") -> Audit:
    """One look at a cluster, in the order that an audit has."""
    ordered = sorted(found, key=lambda one: (one.owner.namespace, one.owner.kind, one.owner.name))
    return Audit(
        taken=TAKEN, audited=tuple(ordered), cluster=cluster, version="0.1.0", missing=missing
    )
