"""Policies: which rules hold where, and what a broken one does."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from webhook.core.rules.promotion import PromotionRule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.selector import Selector
from webhook.core.verdict import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webhook.core.exception import ImageException
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registries
    from webhook.core.rules.protocol import Rule
    from webhook.core.workload import Workload

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The one namespace label that nobody can change: its value is the namespace's name."""


class OnUnknown(StrEnum):
    """What «could not be checked» does under a policy."""

    DENY = "deny"
    WARN = "warn"
    ALLOW_KNOWN = "allowKnown"
    """Admitted with a warning if the digest is recorded as in use in this cluster, else denied."""


class Templates(StrEnum):
    """What findings in workload templates do at most; never more than they do in a Pod."""

    ENFORCE = "enforce"
    WARN = "warn"
    OFF = "off"


class ActiveRule(msgspec.Struct, frozen=True):
    """A rule that a policy switches on, and its mode there."""

    rule: Rule
    mode: Mode


class Policy(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """One set of rules for the namespaces that it selects."""

    name: str
    """`namespace/name` for one that belongs to a namespace."""
    rules: tuple[ActiveRule, ...]
    """Never empty: a policy that checks nothing would read as a pass."""
    namespace: str = ""
    """The one namespace that it covers; empty: those that `namespaces` selects."""
    namespaces: Selector = Selector()
    on_unknown: OnUnknown = OnUnknown.DENY
    templates: Templates = Templates.ENFORCE

    def covers(self, workload: Workload, labels: Mapping[str, str] | None) -> bool:
        """Whether the policy holds for a workload in a namespace with these labels.

        `labels` is None where they are not known: then it holds, unless the namespace's name,
        which is a label that cannot be changed, rules it out.
        """
        if workload.template and self.templates is Templates.OFF:
            return False
        if self.namespace:
            return workload.namespace in {self.namespace, ""}
        if not self.namespaces.requirements:
            return True
        if labels is not None:
            return self.namespaces.selects(labels)
        namespace = workload.namespace
        return self.namespaces.may_select({NAMESPACE_NAME: namespace} if namespace else {})


class Broken(msgspec.Struct, frozen=True):
    """A document that was set aside, and why; everything else is in force without it."""

    kind: str
    namespace: str
    """Empty where the kind has none."""
    name: str
    message: str
    """`path: what is wrong`; printable."""

    @property
    def title(self) -> str:
        """`Kind name`, or `Kind namespace/name`."""
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}"


class PolicySet(msgspec.Struct, frozen=True, dict=True):
    """Everything that decides, as one value: replaced as a whole, never edited in place."""

    policies: tuple[Policy, ...]
    registries: Registries
    exceptions: tuple[ImageException, ...] = ()
    """Those that are honoured, expired ones too: the judgement knows what time it is."""
    broken: tuple[Broken, ...] = ()
    """What would be here too, if it could be used."""

    @property
    def enforces(self) -> bool:
        """True when any rule of any policy is in mode enforce."""
        return any(
            active.mode is Mode.ENFORCE for policy in self.policies for active in policy.rules
        )

    @cached_property
    def promotion_rules(self) -> tuple[PromotionRule, ...]:
        """Every rule `promotion` of every policy, each once: what has to be asked for them."""
        rules = [active.rule for policy in self.policies for active in policy.rules]
        return tuple(dict.fromkeys(rule for rule in rules if isinstance(rule, PromotionRule)))

    @cached_property
    def build_keys(self) -> tuple[PublicKey, ...]:
        """The keys of every rule `provenance`, each once: what attestations are verified with."""
        rules = [active.rule for policy in self.policies for active in policy.rules]
        keys = [key for rule in rules if isinstance(rule, ProvenanceRule) for key in rule.keys]
        return tuple(dict.fromkeys(sorted(keys, key=lambda key: key.fingerprint)))

    def near(self, namespace: str) -> tuple[Policy, ...]:
        """The policies that may cover something in a namespace; all where it is not known.

        Thousands of namespaces may have a policy each: the others' cost nobody any time.
        """
        local = self._local
        if not local or not namespace:
            return self.policies
        return (*local[""], *local.get(namespace, ()))

    def exceptions_in(self, namespace: str) -> Sequence[ImageException]:
        """The exceptions that may hold in a namespace."""
        return self._excepted.get(namespace, ()) if self.exceptions else ()

    def broken_in(self, namespace: str) -> Sequence[Broken]:
        """The broken documents without which something may pass in a namespace.

        A broken exception lets nothing pass, and a policy of another namespace holds only there.
        """
        if not self.broken:
            return ()
        near = self._broken
        return (*near.get("", ()), *near.get(namespace, ())) if namespace else near.get("", ())

    @cached_property
    def _local(self) -> Mapping[str, Sequence[Policy]]:
        """Policies by namespace, those of none under the empty name; empty if all are of none."""
        found: dict[str, list[Policy]] = {"": []}
        for policy in self.policies:
            found.setdefault(policy.namespace, []).append(policy)
        return found if len(found) > 1 else {}

    @cached_property
    def _broken(self) -> Mapping[str, Sequence[Broken]]:
        """By namespace: one who may write there can break thousands, and each review asks."""
        found: dict[str, list[Broken]] = {}
        for one in self.broken:
            if one.kind != "ImageException":
                found.setdefault(one.namespace, []).append(one)
        return found

    @cached_property
    def _excepted(self) -> Mapping[str, Sequence[ImageException]]:
        found: dict[str, list[ImageException]] = {}
        for one in self.exceptions:
            for namespace in one.namespaces:
                found.setdefault(namespace, []).append(one)
        return found
