"""How option values are read."""

from __future__ import annotations

import click
import pytest

from webhook.cli.options import namespace_labels

CONTEXT = click.Context(click.Command("check"))
OPTION = click.Option(["--namespace-labels"])


def read(*texts: str) -> dict[str, dict[str, str]]:
    return {
        namespace: dict(labels)
        for namespace, labels in namespace_labels(CONTEXT, OPTION, texts).items()
    }


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), {}),
        (("shop:env=prod",), {"shop": {"env": "prod"}}),
        (("shop:env=prod,team=a.b_c-d",), {"shop": {"env": "prod", "team": "a.b_c-d"}}),
        (("shop:env=prod", "shop:team=x"), {"shop": {"env": "prod", "team": "x"}}),
        (("shop:env=prod", "dev:env=dev"), {"shop": {"env": "prod"}, "dev": {"env": "dev"}}),
        (("shop:",), {"shop": {}}),
        (("shop:empty=",), {"shop": {"empty": ""}}),
        (("shop:example.com/env=prod",), {"shop": {"example.com/env": "prod"}}),
    ],
)
def test_labels_are_read_and_the_name_is_always_among_them(
    texts: tuple[str, ...], expected: dict[str, dict[str, str]]
) -> None:
    assert read(*texts) == {
        namespace: {"kubernetes.io/metadata.name": namespace, **labels}
        for namespace, labels in expected.items()
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        ":env=prod",
        "Shop:env=prod",
        "shop:env",
        "shop:=prod",
        "shop:env=prod,",
        "shop:env=a b",
        "shop:env=prod\n",
        "shop\n:env=prod",
        "shop:/env=prod",
        "shop:a/b/c=prod",
        "shop:env=ünï",
        "shop:" + "k" * 64 + "=v",
        "shop:kubernetes.io/metadata.name=other",
    ],
)
def test_what_no_namespace_could_carry_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        read(text)


def test_two_values_for_one_label_are_refused() -> None:
    with pytest.raises(click.BadParameter, match="two values"):
        read("shop:env=prod", "shop:env=dev")
