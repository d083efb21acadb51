"""Policies: which rules hold where, and what a broken one does."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.selector import Selector
from webhook.core.verdict import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    rules: tuple[ActiveRule, ...]
    """Never empty: a policy that checks nothing would read as a pass."""
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
        if not self.namespaces.requirements:
            return True
        if labels is not None:
            return self.namespaces.selects(labels)
        namespace = workload.namespace
        return self.namespaces.may_select({NAMESPACE_NAME: namespace} if namespace else {})


class PolicySet(msgspec.Struct, frozen=True):
    """Everything that decides, as one value: replaced as a whole, never edited in place."""

    policies: tuple[Policy, ...]
    registries: Registries

    @property
    def enforces(self) -> bool:
        """True when any rule of any policy is in mode enforce."""
        return any(
            active.mode is Mode.ENFORCE for policy in self.policies for active in policy.rules
        )
