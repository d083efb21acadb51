"""What each ServiceAccount did, from the API server's audit log, beside what RBAC grants it.

The shapes are those of audit.k8s.io/v1 and rbac.authorization.k8s.io/v1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from tests.e2e.server import ApiServer

ANY = "*"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_DECISION = "authorization.k8s.io/decision"
_WRITES = {"create", "update", "patch", "delete", "deletecollection"}
_REFUSED = 400


class Access(msgspec.Struct, frozen=True, order=True):
    """A verb on a resource, as it was used or as it is granted.

    >>> str(Access("get", "cocket.dev", "imagefacts/status", name="sha256-ab"))
    'get imagefacts/status.cocket.dev named sha256-ab'
    """

    verb: str
    group: str
    """Empty for the core group, and for a path outside the API."""
    resource: str
    """With its subresource, as in `pods/status`; a path outside the API begins with a slash."""
    namespace: str = ""
    """Used there; granted there. Empty: in all of them, or where there are none."""
    name: str = ""
    """The object's; granted for this name only where it is not empty."""

    def __str__(self) -> str:
        group = f".{self.group}" if self.group else ""
        name = f" named {self.name}" if self.name else ""
        return f"{self.verb} {self.resource}{group}{name}" + (
            f" in {self.namespace}" if self.namespace else ""
        )

    def covers(self, used: Access) -> bool:
        """Whether this grant is needed for that use. A wildcard is needed for none."""
        return (
            (self.verb, self.group, self.resource) == (used.verb, used.group, used.resource)
            and self.namespace in {"", used.namespace}
            and self.name in {"", used.name}
        )


class Period(msgspec.Struct, frozen=True):
    """From one time to another; RFC 3339 with microseconds, in UTC."""

    begin: str
    end: str

    def __contains__(self, time: str) -> bool:
        return self.begin <= time <= self.end


class _User(msgspec.Struct):
    username: str = ""


class _Object(msgspec.Struct, rename="camel"):
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class _Status(msgspec.Struct):
    code: int = 0


class _Event(msgspec.Struct, rename="camel"):
    verb: str
    request_uri: str = msgspec.field(name="requestURI", default="")
    user: _User = msgspec.field(default_factory=_User)
    object_ref: _Object | None = None
    response_status: _Status = msgspec.field(default_factory=_Status)
    annotations: dict[str, str] = {}
    request_received_timestamp: str = ""


class Write(msgspec.Struct, frozen=True):
    """Something that was written, and taken over by the API server."""

    at: str
    """RFC 3339 with microseconds, in UTC."""
    access: Access


_DECODER = msgspec.json.Decoder(_Event)


def used(log: Path) -> dict[str, set[Access]]:
    """Everything that was asked and permitted, by user name."""
    return _by_user(event for event in _events(log) if not _forbidden(event))


def refused(log: Path, without: Collection[Period] = ()) -> dict[str, set[Access]]:
    """Everything that RBAC forbade, by user name; a webhook's 403 is none of it.

    Args:
        log: of the API server.
        without: what was asked in these periods does not count.
    """
    return _by_user(
        event
        for event in _events(log)
        if _forbidden(event) and not any(event.request_received_timestamp in one for one in without)
    )


def written(log: Path, user: str) -> list[Write]:
    """What a user wrote and the API server took over."""
    return [
        Write(event.request_received_timestamp, _access(event))
        for event in _events(log)
        if event.user.username == user
        and event.verb in _WRITES
        and event.response_status.code < _REFUSED
    ]


def noted(log: Path, webhook: str, namespace: str, name: str) -> dict[str, str]:
    """What our webhook noted about the latest write of an object, without its prefix."""
    found: dict[str, str] = {}
    for event in _events(log):
        about = event.object_ref
        if about is not None and (about.namespace, about.name) == (namespace, name):
            found = {
                key.removeprefix(f"{webhook}/"): value
                for key, value in event.annotations.items()
                if key.startswith(f"{webhook}/")
            }
    return found


def granted(server: ApiServer, labels: str = "") -> dict[str, set[Access]]:
    """What bindings grant to ServiceAccounts, by user name.

    Not what everybody may who has logged in.

    Args:
        server: the cluster.
        labels: a label selector; only what these roles grant.
    """
    rules = {
        (kind, role["metadata"].get("namespace", ""), role["metadata"]["name"]): role["rules"] or ()
        for kind in ("ClusterRole", "Role")
        for role in _items(server, kind, labels)
    }
    found: dict[str, set[Access]] = {}
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        for binding in _items(server, kind):
            where = binding["metadata"].get("namespace", "")
            role = binding["roleRef"]
            home = where if role["kind"] == "Role" else ""
            grants = _grants(rules.get((role["kind"], home, role["name"]), ()), where)
            for one in binding.get("subjects") or ():
                if grants and one["kind"] == "ServiceAccount":
                    user = f"system:serviceaccount:{one.get('namespace', where)}:{one['name']}"
                    found.setdefault(user, set()).update(grants)
    return found


def unused(grants: Iterable[Access], did: Collection[Access]) -> set[Access]:
    """What is granted and was never needed; every wildcard is."""
    return {grant for grant in grants if not any(map(grant.covers, did))}


def _items(server: ApiServer, kind: str, labels: str = "") -> list[dict[str, Any]]:
    path = f"{_RBAC}/{kind.lower()}s?labelSelector={quote(labels)}"
    found: list[dict[str, Any]] = server.get(path)["items"]
    return found


def _grants(rules: Iterable[dict[str, Any]], namespace: str) -> set[Access]:
    found = set[Access]()
    for rule in rules:
        for verb in rule["verbs"]:
            for path in rule.get("nonResourceURLs") or ():
                found.add(Access(verb, "", path))
            for group in rule.get("apiGroups") or ():
                for resource in rule.get("resources") or ():
                    for name in rule.get("resourceNames") or ("",):
                        found.add(Access(verb, group, resource, namespace, name))
    return found


def _events(log: Path) -> Iterator[_Event]:
    with log.open("rb") as lines:
        for line in lines:
            # A server that was killed leaves half a line behind.
            try:
                yield _DECODER.decode(line)
            except msgspec.DecodeError:
                continue


def _forbidden(event: _Event) -> bool:
    return event.annotations.get(_DECISION) == "forbid"


def _by_user(events: Iterable[_Event]) -> dict[str, set[Access]]:
    found: dict[str, set[Access]] = {}
    for event in events:
        found.setdefault(event.user.username, set()).add(_access(event))
    return found


def _access(event: _Event) -> Access:
    about = event.object_ref
    if about is None or not about.resource:
        return Access(event.verb, "", event.request_uri.partition("?")[0])
    resource = f"{about.resource}/{about.subresource}" if about.subresource else about.resource
    return Access(event.verb, about.api_group, resource, about.namespace, about.name)
