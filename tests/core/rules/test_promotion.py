"""What runs in production came into its registry by promotion."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.builders import DIGEST, NOW, facts, pod, use
from tests.crds import PUBLIC_KEY
from webhook.core.document import Document
from webhook.core.facts import ImageFacts, Promotion, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.keys import read_key
from webhook.core.registries import Registries, Registry
from webhook.core.resource_fields import Fields
from webhook.core.rules import RULES
from webhook.core.rules.promotion import MAX_KEYS, Accept, PromotionRule
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Answer, Outcome
from webhook.errors import InvalidPolicyError

PREPROD = Registry(name="preprod", host="registry.example.com", path=("preprod",))
PROD = Registry(name="prod", host="registry.example.com", path=("prod",), promotes_from="preprod")
LOST = Registry(name="lost", host="lost.example.com", promotes_from="nobody")
ALL = Registries([PREPROD, PROD, LOST])
WEB = f"registry.example.com/prod/web@{DIGEST}"
ORIGIN = "registry.example.com/preprod/web"
_KEY = read_key(PUBLIC_KEY)
assert _KEY is not None
KEY = _KEY
DOWN = Unknown(Reason.UNREACHABLE, "registry.example.com: no connection could be made")
BOTH = (Accept.ORIGIN, Accept.EVIDENCE)


def fields(settings: dict[str, object]) -> Fields:
    return Fields(Document("", 0, {}), "", settings)


def check(
    promotion: Promotion | None,
    accept: tuple[Accept, ...] = (Accept.ORIGIN,),
    image: str = WEB,
) -> Answer:
    rule = PromotionRule(
        registries=ALL, accept=accept, keys=(KEY,) if Accept.EVIDENCE in accept else ()
    )
    known = replace(facts(), promotion=promotion)
    one = use(image)
    return rule.check(one, pod(one), Image(ImageRef.parse(image), known), NOW)


@pytest.mark.parametrize(
    ("promotion", "accept", "outcome", "words"),
    [
        (Promotion(origins=(ORIGIN,)), (Accept.ORIGIN,), Outcome.PASS, ""),
        (Promotion(origins=(ORIGIN,)), BOTH, Outcome.PASS, ""),
        (Promotion(signers=(KEY.fingerprint,)), BOTH, Outcome.PASS, ""),
        (Promotion(origins=(ORIGIN,), evidence_gap=DOWN), BOTH, Outcome.PASS, ""),
        (Promotion(signers=(KEY.fingerprint,), origin_gap=DOWN), BOTH, Outcome.PASS, ""),
        (Promotion(), (Accept.ORIGIN,), Outcome.FAIL, f"{ORIGIN} does not have this digest"),
        (
            Promotion(origins=("registry.example.com/preprod/other",)),
            (Accept.ORIGIN,),
            Outcome.FAIL,
            f"{ORIGIN} does not have this digest",
        ),
        (Promotion(origins=(ORIGIN,)), (Accept.EVIDENCE,), Outcome.FAIL, "no evidence is attached"),
        (
            Promotion(),
            BOTH,
            Outcome.FAIL,
            f"{ORIGIN} does not have this digest and no evidence is attached to it",
        ),
        (Promotion(unsigned=1), (Accept.EVIDENCE,), Outcome.FAIL, "is not signed"),
        (
            Promotion(signed=1, signers=(f"sha256:{'00' * 32}",)),
            (Accept.EVIDENCE,),
            Outcome.FAIL,
            "signed with no key of the policy",
        ),
        (Promotion(origin_gap=DOWN), (Accept.ORIGIN,), Outcome.UNKNOWN, "no connection"),
        (Promotion(evidence_gap=DOWN), (Accept.EVIDENCE,), Outcome.UNKNOWN, "no connection"),
        (Promotion(evidence_gap=DOWN), BOTH, Outcome.UNKNOWN, "could not be checked"),
        (None, BOTH, Outcome.UNKNOWN, "nobody looked"),
    ],
)
def test_one_of_what_is_accepted_suffices(
    promotion: Promotion | None, accept: tuple[Accept, ...], outcome: Outcome, words: str
) -> None:
    answer = check(promotion, accept)

    assert answer.outcome is outcome
    assert words in answer.message


def test_an_answer_that_is_unknown_has_the_reason_of_what_is_not_known() -> None:
    assert check(Promotion(origin_gap=DOWN)).reason is Reason.UNREACHABLE


def test_facts_that_are_unknown_are_unknown_here() -> None:
    one = use(WEB)
    rule = PromotionRule(registries=ALL)

    answer = rule.check(one, pod(one), Image(ImageRef.parse(WEB), DOWN), NOW)

    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.UNREACHABLE)


@pytest.mark.parametrize(
    ("accept", "fix"),
    [
        ((Accept.ORIGIN,), f"cocket promote {ORIGIN}@{DIGEST} --to prod"),
        (BOTH, f"cocket promote {ORIGIN}@{DIGEST} --to prod --key FILE"),
    ],
)
def test_the_fix_is_the_command_that_promotes_it(accept: tuple[Accept, ...], fix: str) -> None:
    tagged = WEB.replace("@", ":1.1@")

    assert check(Promotion(), accept, tagged).fix == f"Promote it: {fix}"


@pytest.mark.parametrize("image", [f"{ORIGIN}@{DIGEST}", f"nginx@{DIGEST}"])
def test_a_registry_that_nothing_is_promoted_to_fails(image: str) -> None:
    answer = check(Promotion(), image=image)

    assert answer.outcome is Outcome.FAIL
    assert "names no promotesFrom" in answer.message
    assert "promotesFrom" in answer.fix


def test_a_registry_before_that_is_not_configured_is_unknown() -> None:
    answer = check(Promotion(), image=f"lost.example.com/web@{DIGEST}")

    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_CONFIGURED)


def test_evidence_counts_for_images_of_any_registry() -> None:
    promotion = Promotion(signers=(KEY.fingerprint,))

    assert check(promotion, BOTH, f"lost.example.com/web@{DIGEST}").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("accept", "keys", "why"),
    [
        ((), (), "at least one of accept"),
        (BOTH, (), "has no keys"),
        ((Accept.ORIGIN,), (KEY,), "does not accept evidence"),
        (BOTH, (KEY,) * (MAX_KEYS + 1), "more than 16 keys"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    accept: tuple[Accept, ...], keys: tuple[object, ...], why: str
) -> None:
    with pytest.raises(InvalidPolicyError, match=why):
        PromotionRule(registries=ALL, accept=accept, keys=keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"accept": []}, "the list is empty"),
        ({"accept": ["trust"]}, "expected one of origin, evidence"),
        ({"accept": ["evidence"]}, "write the keys whose signatures count"),
        ({"keys": [PUBLIC_KEY]}, "keys count for nothing: add evidence"),
        ({"accept": ["evidence"], "keys": ["secret"]}, "keys[0]: expected a public key as PEM"),
        ({"accept": ["evidence"], "keys": [PUBLIC_KEY] * 17}, "more than 16"),
    ],
)
def test_a_policy_says_where_it_is_wrong(settings: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidPolicyError) as refused:
        RULES["promotion"](fields(settings), ALL)

    assert why in str(refused.value)


def test_the_settings_of_a_policy_are_read() -> None:
    built = RULES["promotion"](fields({"accept": ["evidence"], "keys": [PUBLIC_KEY]}), ALL)

    assert isinstance(built, PromotionRule)
    assert (built.accept, built.keys) == ((Accept.EVIDENCE,), (KEY,))


def test_no_facts_are_changed_by_a_judgement() -> None:
    known = replace(facts(), promotion=Promotion(origins=(ORIGIN,)))

    assert isinstance(known, ImageFacts)
    assert hash(known) == hash(replace(facts(), promotion=Promotion(origins=(ORIGIN,))))
