"""The rules of policies, asked about a Dockerfile: each knows what only a build can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from webhook.core.argv import show
from webhook.core.facts import ImageConfig, ImageFacts, Need, PlatformImage, Reason, Unknown
from webhook.core.image import is_digest
from webhook.core.labels import LABEL_NAMES, Question
from webhook.core.printable import printable
from webhook.core.process import look
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.standing import Kind
from webhook.core.verdict import Answer, Mode, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.changes import Reads
    from webhook.core.rules.protocol import Image
    from webhook.core.workload import ImageUse, Workload
    from webhook.dockerfiles.stages import Stage

MAX_NAME = 600
MAX_LISTED = 5
_INIT = ("tini", "--")
ON_SCRATCH = ImageFacts(digest="", platforms=(PlatformImage("", "", ImageConfig()),))
"""What is known of no base at all."""
COMES_WITH_BUILD = Unknown(
    Reason.VARIABLE, "its base image comes with the build, and starts what it starts"
)


class BaseDigest(msgspec.Struct, frozen=True):
    """Rule `digest` on a name that may come with the build."""

    name: ClassVar[str] = DigestRule.name
    needs: ClassVar[frozenset[Need]] = DigestRule.needs
    reads: ClassVar[Reads] = DigestRule.reads

    rule: DigestRule

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
        """What the rule answers; what comes with the build as a whole is the build's to pin."""
        if image.facts is not COMES_WITH_BUILD:
            return self.rule.check(use, workload, image, now)
        written = printable(use.image, MAX_NAME)
        if is_digest(use.image.rpartition("@")[2]):
            return Answer(Outcome.PASS, "it is named by a digest.")
        if "@" in use.image or _is_one_variable(use.image):
            return Answer(
                Outcome.SKIP,
                f"{written} comes with the build: give it as name@sha256:… with --build-arg.",
            )
        return Answer(
            Outcome.FAIL,
            f"{written} is a tag that comes with the build, and tags move.",
            "Give the whole name with one ARG without a default, as name@sha256:….",
        )


class BuiltInit(msgspec.Struct, frozen=True):
    """Rule `init` on what ENTRYPOINT and CMD make of the base image."""

    name: ClassVar[str] = InitRule.name
    needs: ClassVar[frozenset[Need]] = InitRule.needs
    reads: ClassVar[Reads] = InitRule.reads

    rule: InitRule
    final: Stage

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
        """What the rule answers about the image that would be built."""
        facts = image.facts
        if isinstance(facts, Unknown) or not facts.platforms:
            if not starts_itself(self.final):
                answer = self._behind_any_base()
                return answer or self.rule.check(use, workload, image, now)
            facts = ON_SCRATCH
        says = self.final.says
        platforms = tuple(
            replace(
                one,
                config=replace(
                    one.config,
                    entrypoint=one.config.entrypoint
                    if says.entrypoint is None
                    else says.entrypoint,
                    cmd=one.config.cmd if says.cmd is None else says.cmd,
                ),
            )
            for one in facts.platforms
        )
        return self.rule.check(
            use, workload, replace(image, facts=replace(facts, platforms=platforms)), now
        )

    def _behind_any_base(self) -> Answer | None:
        """What a shell form does as CMD, whatever starts it; None where the base decides.

        Behind the best that a base can start, an init, the shell still keeps the stop signal.
        """
        cmd = self.final.says.cmd or ()
        behind = look((*_INIT, *cmd), self.rule.inits)
        if look(cmd, self.rule.inits).kind is not Kind.SHELL_FORM or not behind.loses_signal:
            return None
        return Answer(
            Outcome.FAIL,
            f"CMD is a shell form, `{show(cmd)}`: whatever its base starts, the stop signal does "
            f"not reach the program ({printable(behind.note, MAX_NAME)}).",
            'Write CMD as a list of words, CMD ["program","argument"], or put `exec` in front of '
            "the last command.",
        )


class BuiltProvenance(msgspec.Struct, frozen=True):
    """Rule `provenance` on the LABELs of a Dockerfile; those of the base are about the base."""

    name: ClassVar[str] = ProvenanceRule.name
    needs: ClassVar[frozenset[Need]] = ProvenanceRule().needs
    reads: ClassVar[Reads] = ProvenanceRule.reads

    rule: ProvenanceRule
    final: Stage

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
        """What the rule answers; a label that no line sets only warns.

        `docker build --label` may set that one. A value that stands here and would be refused is
        another matter: a build that forgets its argument makes an image that nobody can run.
        """
        labels = self.final.says.labels
        given = {name for name, value in labels.items() if not value.known}
        ask = tuple(one for one in self.rule.require if not given & self._names(one))
        if not ask:
            variables = sorted({name for label in given for name in labels[label].missing})
            shown = printable(", ".join(variables[:MAX_LISTED]), MAX_NAME)
            return Answer(Outcome.PASS, f"its labels come with the build arguments {shown}.")
        known = {name: value.text for name, value in labels.items() if value.known}
        config = ImageConfig(labels=tuple(sorted(known.items())))
        built = replace(
            image, facts=replace(ON_SCRATCH, platforms=(PlatformImage("", "", config),))
        )
        answer = replace(self.rule, require=ask).check(use, workload, built, now)
        there = tuple(one for one in ask if known.keys() & self._names(one))
        if answer.outcome is not Outcome.FAIL or (
            there
            and replace(self.rule, require=there).check(use, workload, built, now).outcome
            is Outcome.FAIL
        ):
            return answer
        return replace(answer, at_most=Mode.WARN)

    def _names(self, question: Question) -> set[str]:
        return {LABEL_NAMES[schema][question] for schema in self.rule.schemas}


def _is_one_variable(text: str) -> bool:
    return text.startswith("${") and text.find("}") == len(text) - 1


def starts_itself(final: Stage) -> bool:
    """Whether what it starts does not depend on its base."""
    return final.base is None or final.says.entrypoint is not None
