"""Whether an image was promoted: what is asked, what is kept, and what is not believed for long."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.promote.keys import signer
from tests.promote.promoting import Pair, pair, settings
from webhook.core.facts import Promotion, Reason
from webhook.core.image import ImageRef
from webhook.core.keys import PublicKey
from webhook.core.registries import Registries
from webhook.core.rules.promotion import Accept, PromotionRule
from webhook.core.verdict import Outcome
from webhook.demo.faults import Fault
from webhook.demo.images import image
from webhook.registry.client import RegistryClient, open_client
from webhook.registry.limits import Limits
from webhook.registry.promotions import GAP_SECONDS, Promotions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"])
BOTH = (Accept.ORIGIN, Accept.EVIDENCE)


class World(msgspec.Struct):
    """Two registries, a clock, and whoever asks."""

    both: Pair
    client: RegistryClient
    now: float = 1000.0
    rules: tuple[PromotionRule, ...] = ()
    registries: Registries = Registries()
    promotions: Promotions | None = None

    def accept(self, *ways: Accept, keys: tuple[PublicKey, ...] = ()) -> None:
        rule = PromotionRule(registries=self.registries, accept=ways, keys=keys)
        self.rules = (rule,)

    @property
    def ref(self) -> ImageRef:
        return ImageRef(self.both.target.host, "prod/web", None, WEB.digest)

    def known(self, recorded: Promotion | None = None) -> Promotion | None:
        assert self.promotions is not None
        return self.promotions.known(self.ref, WEB.digest, recorded)

    async def learn(self, recorded: Promotion | None = None) -> Promotion:
        assert self.promotions is not None
        registry = self.registries.of(self.ref)
        assert registry is not None
        return await self.promotions.learn(
            self.ref, WEB.digest, registry, self.registries, recorded
        )

    async def outcome(self) -> Outcome:
        return self.rules[0].judge(self.ref, await self.learn()).outcome

    def requests(self) -> int:
        return len(self.both.source.requests) + len(self.both.target.requests)


@asynccontextmanager
async def world(cache_dir: Path | None = None) -> AsyncIterator[World]:
    async with pair() as both:
        client = open_client(cache_dir=cache_dir)
        found = World(both, client)
        preprod = settings("preprod", both.source, path=("preprod",))
        prod = settings("prod", both.target, path=("prod",), promotes_from="preprod")
        found.registries = Registries([preprod, prod])
        found.promotions = Promotions(
            client, rules=lambda: found.rules, monotonic=lambda: found.now
        )
        try:
            yield found
        finally:
            await found.promotions.close()
            await client.close()


async def test_an_image_that_is_in_the_registry_before_was_promoted() -> None:
    async with world() as asked:
        asked.accept(Accept.ORIGIN)
        asked.both.add(WEB)

        assert await asked.outcome() is Outcome.PASS
        assert asked.both.target.requests == type(asked.both.target.requests)()


async def test_what_was_seen_is_kept_and_the_registry_before_may_go() -> None:
    async with world() as asked:
        asked.accept(Accept.ORIGIN)
        asked.both.add(WEB)
        await asked.learn()
        asked.both.source.remove("preprod/web")
        asked.now += 1e9
        before = asked.requests()

        assert asked.known() is not None
        assert await asked.outcome() is Outcome.PASS
        assert asked.requests() == before


async def test_what_was_not_there_is_asked_for_again() -> None:
    async with world() as asked:
        asked.accept(Accept.ORIGIN)
        assert await asked.outcome() is Outcome.FAIL
        asked.both.add(WEB)

        asked.now += Limits().absent_seconds - 1
        assert await asked.outcome() is Outcome.FAIL
        asked.now += 2
        assert asked.known() is None
        assert await asked.outcome() is Outcome.PASS


async def test_a_registry_before_that_does_not_answer_is_a_gap_and_no_absence() -> None:
    async with world() as asked:
        asked.accept(Accept.ORIGIN)
        asked.both.add(WEB)
        path = f"/v2/preprod/web/manifests/{WEB.digest}"
        asked.both.source.fault(path, Fault(status=500), times=9)

        first = await asked.learn()
        asked.both.source.heal()
        asked.now += GAP_SECONDS + 1

        assert first.origin_gap is not None
        assert first.origin_gap.reason is Reason.UNREACHABLE
        assert asked.rules[0].judge(asked.ref, first).outcome is Outcome.UNKNOWN
        assert await asked.outcome() is Outcome.PASS


async def test_other_bytes_under_the_digest_are_no_origin() -> None:
    async with world() as asked:
        asked.accept(Accept.ORIGIN)
        asked.both.source.put_manifest(
            "preprod/web", image().manifest, WEB.media_type, digest=WEB.digest
        )

        learned = await asked.learn()

        assert learned.origins == ()
        assert learned.origin_gap is not None
        assert learned.origin_gap.reason is Reason.BAD_CONTENT


async def test_evidence_counts_if_a_key_of_the_policy_signed_it(tmp_path: Path) -> None:
    ours, other = signer(tmp_path), signer(tmp_path, "RSA")
    async with world() as asked:
        digest = asked.both.add(WEB)
        await asked.both.promote(digest, evidence=True, signer=ours)
        asked.both.source.remove("preprod/web")

        asked.accept(*BOTH, keys=(other.public,))
        refused = await asked.learn()
        asked.accept(*BOTH, keys=(other.public, ours.public))

        assert (refused.signed, refused.signers) == (1, ())
        assert asked.rules[0].judge(asked.ref, refused).outcome is Outcome.FAIL
        assert await asked.outcome() is Outcome.PASS


async def test_evidence_without_a_signature_is_told_and_not_counted(tmp_path: Path) -> None:
    async with world() as asked:
        await asked.both.promote(asked.both.add(WEB), evidence=True)
        asked.accept(Accept.EVIDENCE, keys=(signer(tmp_path).public,))

        learned = await asked.learn()

        assert (learned.unsigned, learned.signers) == (1, ())
        assert await asked.outcome() is Outcome.FAIL


async def test_evidence_of_another_image_does_not_count(tmp_path: Path) -> None:
    """Somebody who may push moves the signed envelope below another image."""
    key = signer(tmp_path)
    other = image(cmd=["evil"])
    async with world() as asked:
        digest = asked.both.add(WEB)
        evidence = (await asked.both.promote(digest, evidence=True, signer=key)).evidence
        stored = asked.both.target.manifest("prod/web", evidence)
        assert stored is not None
        asked.both.target.add("prod/web", other)
        forged = stored.body.replace(WEB.digest.encode(), other.digest.encode())
        asked.both.target.put_manifest("prod/web", forged, stored.media_type)
        asked.accept(Accept.EVIDENCE, keys=(key.public,))
        assert asked.promotions is not None

        learned = await asked.promotions.learn(
            asked.ref.with_digest(other.digest),
            other.digest,
            asked.registries.all[1],
            asked.registries,
        )

        assert (learned.signed, learned.signers) == (1, ())


async def test_a_key_that_left_the_policy_counts_no_more(tmp_path: Path) -> None:
    ours, other = signer(tmp_path), signer(tmp_path, "RSA")
    async with world() as asked:
        await asked.both.promote(asked.both.add(WEB), evidence=True, signer=ours)
        asked.accept(Accept.EVIDENCE, keys=(ours.public,))
        assert await asked.outcome() is Outcome.PASS

        asked.accept(Accept.EVIDENCE, keys=(other.public,))

        assert await asked.outcome() is Outcome.FAIL


async def test_what_the_cluster_recorded_suffices() -> None:
    async with world() as asked:
        asked.accept(Accept.ORIGIN)
        place = f"{asked.both.source.host}/preprod/web"

        assert asked.known(Promotion(origins=(place,))) == Promotion(origins=(place,))
        assert asked.known(Promotion(origins=("elsewhere.example.com/web",))) is None
        assert asked.requests() == 0


async def test_only_what_a_rule_accepts_is_asked_for(tmp_path: Path) -> None:
    async with world() as asked:
        asked.accept(Accept.EVIDENCE, keys=(signer(tmp_path).public,))

        await asked.learn()

        assert asked.both.source.lines() == []


async def test_the_disk_remembers_where_a_digest_was(tmp_path: Path) -> None:
    async with world(tmp_path) as asked:
        asked.accept(Accept.ORIGIN)
        asked.both.add(WEB)
        await asked.learn()
        asked.both.source.remove("preprod/web")
        client = open_client(cache_dir=tmp_path)
        again = Promotions(client, rules=lambda: asked.rules, monotonic=lambda: 0.0)
        try:
            learned = await again.learn(
                asked.ref, WEB.digest, asked.registries.all[1], asked.registries
            )
        finally:
            await client.close()

        assert learned.origins == (f"{asked.both.source.host}/preprod/web",)


async def test_a_registry_before_that_is_not_configured_is_not_asked() -> None:
    async with world() as asked:
        asked.registries = Registries([asked.registries.all[1]])
        asked.accept(Accept.ORIGIN)

        learned = await asked.learn()

        assert learned.origin_gap is not None
        assert learned.origin_gap.reason is Reason.NOT_CONFIGURED
        assert asked.both.source.lines() == []


@pytest.mark.parametrize("times", [1, 20])
async def test_equal_questions_share_one_flight(times: int) -> None:
    async with world() as asked:
        asked.accept(Accept.ORIGIN)
        asked.both.add(WEB)

        await asyncio.gather(*[asked.learn() for _ in range(times)])

        assert len(asked.both.source.lines()) == 1
