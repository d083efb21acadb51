"""`cocket packages`: who holds a package."""

from __future__ import annotations

import json

from tests.builders import DIGEST
from tests.cluster.api_server import api_server
from webhook.cli.holding import held
from webhook.cluster.kinds import IMAGE_CONTENTS, IMAGE_FACTS
from webhook.core.contents import Package, contents_of
from webhook.core.recorded import name_of
from webhook.reports.holders import Holder, holders_json, holders_table

OTHER = "sha256:" + "cd" * 32
THIRD = "sha256:" + "ef" * 32
OPENSSL = Package("openssl", "3.0.1-1", "amd64")


async def test_images_that_hold_a_package_are_told_with_who_runs_them() -> None:
    async with api_server() as (server, api):
        server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        users = {"usedBy": {"count": 3, "names": ["shop/Deployment/web"]}}
        for digest in (DIGEST, OTHER, THIRD):
            server.put(IMAGE_FACTS.path(), name_of(digest), spec={}, status=users)
        spec = contents_of(DIGEST, [OPENSSL, Package("bash", "5")], image="r/web", os="Debian 12")
        server.put(IMAGE_CONTENTS.path(), name_of(DIGEST), spec=spec)
        spec = contents_of(OTHER, (), image="r/other", problem="layer 1: its gzip is damaged")
        server.put(IMAGE_CONTENTS.path(), name_of(OTHER), spec=spec)
        found, unread = await held(api, "openssl", "")
        newer, _ = await held(api, "openssl", "3.1")

    (one,) = found
    assert (one.image, one.packages, one.count) == ("r/web", (OPENSSL,), 3)
    assert newer == []
    assert unread == [
        f"r/other@{OTHER}: layer 1: its gzip is damaged",
        f"{name_of(THIRD)}: its layers were not read yet",
    ]


async def test_a_list_that_somebody_broke_is_told_and_is_not_empty() -> None:
    async with api_server() as (server, api):
        server.serve("/apis/cocket.dev/v1alpha1", "imagecontents")
        users = {"usedBy": {"count": 1, "names": []}}
        server.put(IMAGE_FACTS.path(), name_of(DIGEST), spec={}, status=users)
        spec = {"digest": DIGEST, "image": "r/web", "packages": "!"}
        server.put(IMAGE_CONTENTS.path(), name_of(DIGEST), spec=spec)
        found, unread = await held(api, "openssl", "")

    assert found == []
    assert unread == [f"r/web@{DIGEST}: its list cannot be read"]


HOLDER = Holder(
    digest=DIGEST,
    image="r/web",
    os="Debian 12",
    packages=(OPENSSL,),
    used_by=("shop/Deployment/web",),
    count=3,
)


def test_the_table_has_a_line_for_each_version() -> None:
    head, line = holders_table([HOLDER])

    assert head.split() == ["PACKAGE", "VERSION", "USED", "BY", "IMAGE", "OS"]
    assert line.split() == [
        *("openssl", "3.0.1-1", "shop/Deployment/web", "+2"),
        *(f"r/web@{DIGEST[:19]}…", "Debian", "12"),
    ]
    assert list(holders_table([])) == []


def test_json_has_all_of_it() -> None:
    found = json.loads(holders_json([HOLDER], ["x"]))

    assert found["unread"] == ["x"]
    assert found["holders"][0]["packages"] == [{"name": "openssl", "version": "3.0.1-1"}]
    assert found["holders"][0]["usedBy"] == {"count": 3, "names": ["shop/Deployment/web"]}
