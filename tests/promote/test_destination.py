"""Where an image goes: the prefix changes, the path stays."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from webhook.core.image import ImageRef
from webhook.core.registries import Registries, Registry
from webhook.errors import InputError
from webhook.promote.destination import destination, tagged

PREPROD = Registry(name="preprod", host="registry.example.com", path=("preprod",))
PROD = Registry(name="prod", host="registry.example.com", path=("prod",), promotes_from="preprod")
EDGE = Registry(name="edge", host="edge.example.com:5000", ca_bundle="ours")
BROKEN = Registry(name="broken", host="broken.example.com", broken=True)
ALL = Registries([PREPROD, PROD, EDGE, BROKEN])
WEB = "registry.example.com/preprod/shop/web"


def goes(source: str, to: str, repository: str = "") -> str:
    ref = ImageRef.parse(f"{source}@{DIGEST}")
    return str(destination(ref, to, ALL, repository).target).removesuffix(f"@{DIGEST}")


@pytest.mark.parametrize(
    ("source", "to", "target"),
    [
        (WEB, "prod", "registry.example.com/prod/shop/web"),
        (f"{WEB}:118", "prod", "registry.example.com/prod/shop/web"),
        (WEB, "registry.example.com/prod", "registry.example.com/prod/shop/web"),
        (WEB, "edge", "edge.example.com:5000/shop/web"),
        (WEB, "edge.example.com:5000/team", "edge.example.com:5000/team/shop/web"),
        (WEB, "new.example.com", "new.example.com/shop/web"),
        ("ghcr.io/acme/web", "new.example.com/mirror", "new.example.com/mirror/acme/web"),
        ("nginx", "edge", "edge.example.com:5000/library/nginx"),
    ],
)
def test_the_prefix_changes_and_the_path_stays(source: str, to: str, target: str) -> None:
    assert goes(source, to) == target


def test_the_path_can_be_chosen() -> None:
    assert goes(WEB, "prod", "other/name") == "registry.example.com/prod/other/name"


def test_a_folder_of_a_registry_has_its_settings() -> None:
    where = destination(ImageRef.parse(f"{WEB}@{DIGEST}"), "edge.example.com:5000/team", ALL)

    assert where.target_registry.ca_bundle == "ours"


@pytest.mark.parametrize(
    ("source", "to", "repository", "why"),
    [
        ("ghcr.io/acme/web", "prod", "", "is promoted from preprod"),
        (WEB, "pord", "", "names no Registry .there are: preprod, prod, edge, broken."),
        (WEB, "https://edge.example.com", "", "leave out the scheme"),
        (WEB, "broken", "", "Registry broken is broken"),
        (WEB, "preprod", "", "where the image is already"),
        (WEB, "prod", "UPPER", "cannot be called so"),
    ],
)
def test_what_leads_nowhere_is_refused(source: str, to: str, repository: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        goes(source, to, repository)


def test_the_name_to_deploy_has_the_first_tag_and_the_digest() -> None:
    target = ImageRef.parse(f"registry.example.com/prod/web@{DIGEST}")

    assert str(tagged(target, ["1.1", "stable"])) == f"registry.example.com/prod/web:1.1@{DIGEST}"
    assert tagged(target, []) == target


@pytest.mark.parametrize("tag", ["", "a b", "a@b", "-x", "x" * 129, "a:b"])
def test_a_tag_that_is_none_is_refused(tag: str) -> None:
    with pytest.raises(InputError, match="is no tag"):
        tagged(ImageRef.parse("r.example/web"), [tag])
