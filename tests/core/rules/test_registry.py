"""What runs in production comes from production's registry."""

from __future__ import annotations

import pytest

from tests.builders import NOW, facts, pod, use
from webhook.core.facts import Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries, Registry
from webhook.core.rules.protocol import Image
from webhook.core.rules.registry import RegistryRule
from webhook.core.verdict import Answer, Outcome
from webhook.errors import InvalidPolicyError

PROD = Registry(
    name="prod",
    host="registry.example.com",
    path=("prod",),
    environment="production",
    promotes_from="preprod",
)
PREPROD = Registry(
    name="preprod", host="registry.example.com", path=("preprod",), environment="staging"
)
HUB = Registry(name="hub", host="docker.io", environment="public")
ALL = Registries([PROD, PREPROD, HUB])


def check(
    text: str, registries: Registries = ALL, environments: tuple[str, ...] = ("production",)
) -> Answer:
    one = use(text)
    rule = RegistryRule(environments=environments, registries=registries)
    unknown = Unknown(Reason.NOT_CONFIGURED)
    known = rule.check(one, pod(one), Image(ImageRef.parse(text), facts()), NOW)

    assert known == rule.check(one, pod(one), Image(ImageRef.parse(text), unknown), NOW)
    return known


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("registry.example.com/prod/web", True),
        ("Registry.Example.com:443/prod/web:1", True),
        ("registry.example.com/prod/team/web", True),
        ("registry.example.com/production/web", False),
        ("registry.example.com/preprod/web", False),
        ("registry.example.com/web", False),
        ("registry.example.com.attacker.io/prod/web", False),
        ("attacker.io/registry.example.com/prod/web", False),
        ("nginx", False),
    ],
)
def test_only_a_registry_of_an_allowed_environment_passes(text: str, *, passes: bool) -> None:
    assert check(text).outcome is (Outcome.PASS if passes else Outcome.FAIL)


def test_an_image_from_another_environment_is_told_to_be_promoted() -> None:
    assert check("nginx:1.25") == Answer(
        Outcome.FAIL,
        "docker.io/library/nginx is not a production registry "
        "(production: registry.example.com/prod).",
        "Promote the image.",
    )


def test_the_fix_names_the_place_that_promotion_leads_to() -> None:
    answer = check("registry.example.com/preprod/web")

    assert answer.fix == "Promote the image to registry.example.com/prod."


def test_an_image_from_nowhere_we_know_is_told_apart() -> None:
    assert check("quay.io/acme/web:1") == Answer(
        Outcome.FAIL,
        "quay.io/acme/web is from no configured registry (production: registry.example.com/prod).",
        "Use an image from one that is, or add a Registry for quay.io.",
    )


def test_several_environments_are_alternatives() -> None:
    environments = ("production", "staging")

    assert check("registry.example.com/preprod/web", ALL, environments).outcome is Outcome.PASS
    assert check("nginx", ALL, environments).message == (
        "docker.io/library/nginx is not a production or staging registry "
        "(production or staging: registry.example.com/prod and registry.example.com/preprod)."
    )


def test_an_environment_that_no_registry_has_is_named() -> None:
    assert check("nginx", ALL, ("internal",)).message == (
        "docker.io/library/nginx is not an internal registry "
        "(no Registry has environment internal)."
    )


@pytest.mark.parametrize(
    ("count", "listed"),
    [(3, "r0.io, r1.io and r2.io"), (4, "r0.io, r1.io, r2.io and 1 more")],
)
def test_a_long_list_of_registries_is_cut(count: int, listed: str) -> None:
    many = Registries(
        Registry(name=f"r{number}", host=f"r{number}.io", environment="production")
        for number in range(count)
    )

    assert f"(production: {listed})." in check("quay.io/acme/web", many).message


def test_without_any_registry_nothing_passes() -> None:
    assert check("nginx", Registries()).outcome is Outcome.FAIL


@pytest.mark.parametrize("environments", [(), ("",), ("production", "")])
def test_a_rule_that_allows_nothing_or_nameless_environments_is_refused(
    environments: tuple[str, ...],
) -> None:
    with pytest.raises(InvalidPolicyError, match="at least one environment"):
        RegistryRule(environments=environments, registries=ALL)


def test_it_needs_nothing_but_the_name() -> None:
    assert RegistryRule.name == "registry"
    assert frozenset() == RegistryRule.needs
