"""Builders for judgements with exceptions: the real rules, and one registry that has it all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.builders import NOW, facts
from webhook.core.exception import ImageException, ImagePattern, NamedWorkload
from webhook.core.facts import Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.judge import InvalidImage, judge
from webhook.core.policy import ActiveRule, OnUnknown, Policy
from webhook.core.registries import Registries, Registry
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.verdict import Finding, Mode, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.rules.protocol import Rule
    from webhook.core.workload import Workload

TAGGED = "r.example/prod/web:1"
REGISTRIES = Registries([Registry(name="r", host="r.example", environment="production")])
RULES: tuple[Rule, ...] = (
    DigestRule(),
    RegistryRule(environments=("production",), registries=REGISTRIES),
    ProvenanceRule(),
    InitRule(),
)


def exception(
    *rules: str,
    name: str = "security/web",
    image: ImagePattern | None = None,
    workload: NamedWorkload | None = None,
    namespaces: Sequence[str] = ("shop",),
    days: float = 1,
) -> ImageException:
    everything = ImagePattern(host="r.example", segments=(), deeper=True)
    return ImageException(
        name=name,
        rules=frozenset(rules or ("digest",)),
        namespaces=frozenset(namespaces),
        image=image or (None if workload else everything),
        workload=workload,
        reason="it is being mended",
        requested_by="Jo",
        expires=NOW + timedelta(days=days),
    )


def policy(
    *rules: Rule, mode: Mode = Mode.ENFORCE, on_unknown: OnUnknown = OnUnknown.DENY
) -> Policy:
    active = tuple(ActiveRule(rule, mode) for rule in rules or (DigestRule(),))
    return Policy(name="p", rules=active, on_unknown=on_unknown)


def known(text: str) -> Image | InvalidImage:
    ref = ImageRef.parse(text)
    if REGISTRIES.of(ref) is None:
        return Image(ref, Unknown(Reason.NOT_CONFIGURED))
    return Image(ref, facts())


def verdict(
    workload: Workload, *exceptions: ImageException, policies: Sequence[Policy] = ()
) -> Verdict:
    images = {one.image: known(one.image) for one in workload.images}
    return judge(workload, images, policies or (policy(),), NOW, exceptions=exceptions)


def only(result: Verdict) -> Finding:
    (finding,) = result.findings
    return finding
