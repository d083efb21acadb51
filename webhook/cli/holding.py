"""What the cluster has recorded about who holds a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import IMAGE_CONTENTS, IMAGE_FACTS
from webhook.cluster.lists import list_pages
from webhook.cluster.login import open_api
from webhook.cluster.mirror import HasMetadata
from webhook.core.contents import Contents, packages_in
from webhook.core.printable import printable
from webhook.errors import ClusterError, InputError
from webhook.reports.holders import Holder

if TYPE_CHECKING:
    from pathlib import Path

    from webhook.cluster.api import Api

_PAGE = 50
_MAX_TEXT = 200


class _UsedBy(msgspec.Struct, frozen=True):
    count: int = 0
    names: tuple[str, ...] = ()


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    used_by: _UsedBy = _UsedBy()


class _Facts(HasMetadata):
    status: _Status = _Status()


class _Contents(HasMetadata):
    spec: Contents = Contents()


async def holding(
    package: str, version: str, *, kubeconfig: Path | None, context: str | None
) -> tuple[list[Holder], list[str]]:
    """Images that hold a package, and lines about images in use whose packages are not known.

    Args:
        package: its name.
        version: how its version begins; empty: any.
        kubeconfig: the file that says which cluster; None: the usual one.
        context: which of its contexts; None: the current one.

    Raises:
        InputError: the cluster was not reached, or does not tell.
    """
    try:
        async with open_api(kubeconfig=kubeconfig, context=context) as api:
            return await held(api, package, version)
    except ClusterError as error:
        raise InputError(str(error)) from error


async def held(api: Api, package: str, version: str) -> tuple[list[Holder], list[str]]:
    """The same, of a cluster that is reached.

    Raises:
        ClusterError: it does not tell.
    """
    used: dict[str, _UsedBy] = {}
    async for page in list_pages(api, IMAGE_FACTS, _Facts):
        used |= {item.metadata.name: item.status.used_by for item in page.items}
    holders: list[Holder] = []
    unread: list[str] = []
    seen: set[str] = set()
    async for contents in list_pages(api, IMAGE_CONTENTS, _Contents, limit=_PAGE):
        for item in contents.items:
            seen.add(item.metadata.name)
            users = used.get(item.metadata.name, _UsedBy())
            holder, problem = _held(item.spec, users, package, version)
            if holder is not None:
                holders.append(holder)
            if problem and users.count:
                unread.append(f"{_name(item.spec)}: {problem}")
    others = [name for name, users in used.items() if users.count and name not in seen]
    unread += [f"{name}: its layers were not read yet" for name in others]
    return sorted(holders, key=lambda one: (one.image, one.digest)), sorted(unread)


def _held(spec: Contents, users: _UsedBy, package: str, version: str) -> tuple[Holder | None, str]:
    packages = packages_in(spec)
    if packages is None:
        return None, "its list cannot be read"
    cut = "its list is cut" if spec.truncated else ""
    found = tuple(
        one for one in packages if one.name == package and one.version.startswith(version)
    )
    if not found:
        return None, printable(spec.problem, _MAX_TEXT) or cut
    holder = Holder(
        digest=spec.digest,
        image=spec.image,
        os=spec.os,
        packages=found,
        used_by=users.names,
        count=users.count,
    )
    return holder, ""


def _name(spec: Contents) -> str:
    return printable(f"{spec.image}@{spec.digest}", _MAX_TEXT)
