"""Which configured registry serves an image."""

from __future__ import annotations

import pytest

from webhook.core.image import ImageRef
from webhook.core.registries import Registries, Registry
from webhook.errors import InvalidPolicyError

HOST = Registry(name="host", host="registry.example.com", environment="test")
PROD = Registry(name="prod", host="registry.example.com", path=("prod",), environment="production")
DEEP = Registry(
    name="deep", host="registry.example.com", path=("prod", "eu"), environment="production"
)
HUB = Registry(name="hub", host="docker.io", environment="public")
ALL = Registries([HOST, PROD, DEEP, HUB])


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("registry.example.com/prod/web", "prod"),
        ("registry.example.com/prod/eu/web", "deep"),
        ("registry.example.com/prod/web/eu", "prod"),
        ("registry.example.com/production/web", "host"),
        ("registry.example.com/prod", "prod"),
        ("registry.example.com/other/prod/web", "host"),
        ("Registry.Example.COM:443/prod/web", "prod"),
        ("registry.example.com:5000/prod/web", None),
        ("registry.example.com.attacker.io/prod/web", None),
        ("attacker.io/registry.example.com/prod/web", None),
        ("nginx", "hub"),
        ("registry-1.docker.io/library/nginx", "hub"),
        ("Docker.IO/library/nginx", "hub"),
    ],
)
def test_the_longest_path_on_the_same_host_wins(image: str, name: str | None) -> None:
    found = ALL.of(ImageRef.parse(image))

    assert name == (found.name if found else None)


def test_without_a_registry_for_the_whole_host_other_paths_are_not_served() -> None:
    assert Registries([PROD]).of(ImageRef.parse("registry.example.com/test/web")) is None


def test_registries_are_found_by_environment_in_the_order_they_were_written() -> None:
    assert ALL.in_environments(["production", "staging"]) == [PROD, DEEP]
    assert ALL.in_environments([]) == []


def test_a_location_is_written_as_in_an_image_name() -> None:
    assert DEEP.location == "registry.example.com/prod/eu"
    assert HUB.location == "docker.io"


def test_two_registries_of_one_place_are_refused() -> None:
    twin = Registry(name="twin", host="registry.example.com", path=("prod",))

    with pytest.raises(InvalidPolicyError, match=r"'twin' and Registry 'prod' .*example\.com/prod"):
        Registries([PROD, twin])


def test_two_registries_of_one_name_are_refused() -> None:
    twin = Registry(name="prod", host="other.example.com")

    with pytest.raises(InvalidPolicyError, match="two Registries are named 'prod'"):
        Registries([PROD, twin])


def test_equal_registries_in_the_same_order_are_the_same_configuration() -> None:
    one, other = Registry(name="a", host="a.example"), Registry(name="b", host="b.example")

    assert Registries([one, other]) == Registries([one, other])
    assert len({Registries([one, other]), Registries([one, other])}) == 1
    assert Registries([one, other]) != Registries([other, one])
    assert Registries([one]) != (one,)
