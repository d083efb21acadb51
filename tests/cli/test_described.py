"""What a registry says, in the words of the rules."""

from __future__ import annotations

import asyncio

import pytest

from tests.builders import DIGEST, REVISION, config, facts
from webhook.cli.described import describe, says
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.origin import Origin, Stated
from webhook.core.workload import Workload
from webhook.errors import BadContentError
from webhook.reports.images import ImageReport

REPORT = ImageReport("nginx", ImageRef.parse("nginx"))


class Source:
    """Answers with what it was given; waits for ever where that is nothing."""

    def __init__(
        self,
        *,
        at_hand: ImageFacts | Unknown | None = None,
        learned: ImageFacts | Unknown | BadContentError | None = None,
    ) -> None:
        self.at_hand = at_hand
        self.learned = learned

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        assert ref == REPORT.name
        assert needs == {Need.DIGEST, Need.CONFIG}
        return self.at_hand

    def in_use(self, _ref: ImageRef) -> bool:
        return False

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        assert ref == REPORT.name
        assert needs == {Need.DIGEST, Need.CONFIG}
        assert workload.pull_secrets == ()
        match self.learned:
            case None:
                await asyncio.Event().wait()
                raise AssertionError("unreachable")
            case BadContentError() as error:
                raise error
            case answer:
                return answer


def test_claims_and_pid_1_are_read_from_the_config() -> None:
    said = says(
        facts(
            config(stop_signal="SIGQUIT"),
            config(labels={"org.opencontainers.image.revision": "unknown"}, architecture="arm64"),
        )
    )

    one, other = said.platforms
    assert said.digest == DIGEST
    assert one.commit == Stated(REVISION, Origin.LABEL)
    assert (one.source.value, one.source.origin) == ("https://github.com/acme/web", Origin.LABEL)
    assert one.created.value.startswith("2026-11-20T08:00")
    assert one.pid1 == "init tini: /sbin/tini -- /app"
    assert one.stop_signal == "SIGQUIT"
    assert (other.commit, other.source, other.created) == (Stated(),) * 3
    assert other.labels == (("org.opencontainers.image.revision", "unknown"),)


@pytest.mark.parametrize(
    "source", [Source(at_hand=facts()), Source(learned=facts())], ids=["at hand", "learned"]
)
async def test_what_is_known_is_added_to_the_name(source: Source) -> None:
    report = await describe(REPORT, source, 5)

    assert report.name == REPORT.name
    assert report.says == says(facts())
    assert report.good


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (Source(at_hand=Unknown(Reason.OFFLINE)), Reason.OFFLINE),
        (Source(learned=Unknown(Reason.NOT_FOUND)), Reason.NOT_FOUND),
        (Source(learned=BadContentError(Reason.BAD_CONTENT, "odd")), Reason.BAD_CONTENT),
        (Source(), Reason.TIMED_OUT),
    ],
)
async def test_what_could_not_be_learned_says_why(source: Source, reason: Reason) -> None:
    report = await describe(REPORT, source, 0.01)

    assert isinstance(report.says, Unknown)
    assert report.says.reason is reason
    assert not report.good


async def test_nobody_is_asked_about_what_is_no_name() -> None:
    report = ImageReport("NGINX", "no name")

    assert await describe(report, Source(), 5) is report
