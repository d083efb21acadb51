import msgspec
import pytest

from webhook.cluster.namespaces import Namespace

NAME = "kubernetes.io/metadata.name"


@pytest.mark.parametrize(
    ("labels", "known"),
    [
        ("null", {NAME: "shop"}),
        ("{}", {NAME: "shop"}),
        ('{"env": "prod"}', {NAME: "shop", "env": "prod"}),
        (f'{{"{NAME}": "shop"}}', {NAME: "shop"}),
        (f'{{"{NAME}": "kube-system"}}', {NAME: "shop"}),
        ('{"env": ""}', {NAME: "shop", "env": ""}),
    ],
    ids=["null", "none", "one", "as a server since 1.21 sets it", "a lie", "empty value"],
)
def test_the_name_is_always_among_the_labels(labels: str, known: dict[str, str]) -> None:
    text = f'{{"metadata": {{"name": "shop", "labels": {labels}}}}}'

    assert msgspec.json.decode(text, type=Namespace).labels() == known


def test_without_labels_there_is_the_name() -> None:
    namespace = msgspec.json.decode('{"metadata": {"name": "shop"}}', type=Namespace)

    assert namespace.labels() == {NAME: "shop"}


def test_equal_texts_are_held_once() -> None:
    text = '{"metadata": {"name": "a", "labels": {"team-of-the-shop": "a-long-value"}}}'
    one, other = (msgspec.json.decode(text, type=Namespace).labels() for _ in range(2))

    assert one["team-of-the-shop"] is other["team-of-the-shop"]
