"""A Compose service under policies: the rules of Pods, with the engine's own init in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
from msgspec.structs import replace

from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.core.rules.init import InitRule
from webhook.core.rules.init_words import AS_ARGS, TO_ARGS
from webhook.core.rules.protocol import Image
from webhook.core.rules.stop import StopRule
from webhook.core.rules.unlearned import unlearned
from webhook.core.verdict import Answer, Outcome
from webhook.core.workload import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from webhook.composefiles.services import Service
    from webhook.core.changes import Reads
    from webhook.core.policy import Policy
    from webhook.core.rules.protocol import Rule
    from webhook.core.workload import ImageUse, Workload

ENGINES_INIT = ("/sbin/docker-init", "--")
"""What `docker run --init` puts in front: tini (docker docs, «Specify an init process»)."""

_WORDS = {
    AS_ARGS: "(`entrypoint: [tini, --]`, the program in `command:`)",
    TO_ARGS: "`entrypoint:` threw it away: move it to `command:`",
}
"""A Pod's words for what a service calls otherwise: its `entrypoint` is a Pod's `command`, its
`command` a Pod's `args` (Compose specification, «entrypoint» and «command»)."""
_NOWHERE = ImageRef("", "")
_MAX_NAME = 600
_STOPPED_OTHERWISE = Answer(
    Outcome.SKIP, "Compose has a stop signal and a grace period of its own: check what is deployed."
)
_BUILT = Answer(Outcome.SKIP, "it is built here: check its Dockerfile, and what is deployed.")


def rules_of_service(policies: Sequence[Policy], service: Service) -> tuple[Policy, ...]:
    """The policies, each rule of which knows what a Compose file can say."""
    return tuple(
        replace(
            policy,
            rules=tuple(
                replace(active, rule=cast("Rule", ServiceRule(active.rule, service)))
                for active in policy.rules
            ),
        )
        for policy in policies
    )


def known_of_service(service: Service) -> Mapping[str, Image]:
    """The images of a service that nobody is asked about."""
    known: dict[str, Image] = {}
    for use in service.workload.images:
        variables = service.missing.get(use.image)
        if variables:
            names = printable(", ".join(variables), _MAX_NAME)
            detail = f"its name comes from the environment ({names}), which is not read here"
            known[use.image] = Image(_NOWHERE, Unknown(Reason.VARIABLE, detail))
        elif service.built and use.role is Role.CONTAINER:
            known[use.image] = Image(_NOWHERE, Unknown(Reason.NOT_CONFIGURED))
    return known


class ServiceRule(msgspec.Struct, frozen=True):
    """A rule, asked about a Compose service."""

    rule: Rule
    service: Service

    @property
    def name(self) -> str:
        """That of the rule."""
        return self.rule.name

    @property
    def reads(self) -> Reads:
        """As much as the rule."""
        return self.rule.reads

    @property
    def needs(self) -> frozenset[Need]:
        """Those of the rule."""
        return self.rule.needs

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
        """What the rule answers; about what is built here only what stands here is judged."""
        rule = self.rule
        built = self.service.built and use.role is Role.CONTAINER
        if isinstance(rule, InitRule):
            if built and not use.command:
                return _BUILT
            return self._init(rule, use, workload, image, now)
        if isinstance(rule, StopRule):
            return _STOPPED_OTHERWISE
        if built:
            return _BUILT
        if image.ref is _NOWHERE and isinstance(image.facts, Unknown):
            return unlearned(image.facts)
        return rule.check(use, workload, image, now)

    def _init(
        self, rule: InitRule, use: ImageUse, workload: Workload, image: Image, now: datetime
    ) -> Answer:
        # No service shares its processes with a pause process.
        rule = replace(rule, accept_shared_process_namespace=False)
        if self.service.init:
            return _told(rule.check(_in_front(use), workload, _with_init(image), now))
        answer = _told(rule.check(use, workload, image, now))
        if answer.outcome is Outcome.FAIL and use.role is Role.CONTAINER:
            return replace(answer, fix=f"{answer.fix} Or give the service `init: true`.".lstrip())
        return answer


def _told(answer: Answer) -> Answer:
    """The answer, its fix in words that a Compose file has."""
    fix = answer.fix
    for pod, service in _WORDS.items():
        fix = fix.replace(pod, service)
    return answer if fix == answer.fix else replace(answer, fix=fix)


def _in_front(use: ImageUse) -> ImageUse:
    return replace(use, command=(*ENGINES_INIT, *use.command)) if use.command else use


def _with_init(image: Image) -> Image:
    facts = image.facts
    if not isinstance(facts, ImageFacts):
        return image
    platforms = tuple(
        replace(
            one,
            config=replace(one.config, entrypoint=(*ENGINES_INIT, *one.config.entrypoint)),
        )
        for one in facts.platforms
    )
    return replace(image, facts=replace(facts, platforms=platforms))
