"""An API server small enough to read: what clients see of lists, watches, writes and refusals.

It answers as kube-apiserver was seen to: versions that count up, writes that change nothing and
make no event, `status` as a resource of its own, preconditions (409), no such object (404). What it
has no idea of is validation, defaults and access; a test says what it refuses::

    async with api_server() as (server, api):
        server.put("/api/v1/pods", "web", "shop", spec=...)
        server.refuse("PATCH", "/status$", 403, "Forbidden")
"""

from __future__ import annotations

import asyncio
import copy
import json
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Json: TypeAlias = dict[str, Any]

_PLACE = re.compile(
    r"(?P<group>/api/v1|/apis/[^/]+/[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?P<status>/status)?"
)
_GROUP = re.compile(r"/api/v1|/apis/[^/]+/[^/]+")

_SAID: dict[str, Json] = {
    "/version": {"major": "1", "minor": "28", "gitVersion": "v1.28.3"},
    "/api": {"versions": ["v1"]},
}


class Written(NamedTuple):
    """A request that was no GET."""

    method: str
    path: str
    body: Any


class _Event(NamedTuple):
    version: int
    kind: str
    found: Json


class ApiServer:
    """Objects by collection, without the namespace in its path; then by namespace and name."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[tuple[str, str], Json]] = {}
        self.served: dict[str, list[Json]] = {}
        """Resources by path of their group; one that is not there is not found."""
        self.writes: list[Written] = []
        self.asked: list[str] = []
        """`METHOD path` of everything; a watch is a `WATCH`."""
        self._version = 0
        self._events: dict[str, list[_Event]] = {}
        self._news = asyncio.Condition()
        self._refused: list[list[Any]] = []
        self._telling: set[asyncio.Task[None]] = set()

    def serve(self, group: str, *plurals: str, namespaced: bool = True) -> None:
        """Let discovery name these resources."""
        more = {"singularName": "", "verbs": ["list", "watch", "get", "patch"]}
        self.served.setdefault(group, []).extend(
            {"name": one, "kind": one, "namespaced": namespaced, **more} for one in plurals
        )

    def refuse(
        self, method: str, path: str, status: int, reason: str = "", times: int = 10**6
    ) -> None:
        """Answer requests whose path has this pattern so, so many times; a watch is a `WATCH`.

        With status 0 they are never answered, not even with headers.
        """
        self._refused.append([method, re.compile(path), status, reason, times])

    def agree(self) -> None:
        """Refuse nothing any more."""
        self._refused.clear()

    def put(self, path: str, name: str, namespace: str = "", **rest: Any) -> Json:
        """Create or replace an object, as somebody else would."""
        before = self.objects.get(path, {}).get((namespace, name))
        metadata = {
            "name": name,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            **({"namespace": namespace} if namespace else {}),
            **rest.pop("metadata", {}),
        }
        return self._store(path, {**rest, "metadata": metadata}, before)

    def drop(self, path: str, name: str, namespace: str = "") -> None:
        """Delete an object."""
        found = copy.deepcopy(self.objects[path].pop((namespace, name)))
        self._version += 1
        found["metadata"]["resourceVersion"] = str(self._version)
        self._tell(path, _Event(self._version, "DELETED", found))

    def get(self, path: str, name: str, namespace: str = "") -> Json | None:
        """An object as it is now."""
        return self.objects.get(path, {}).get((namespace, name))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer anything."""
        body = await request.json() if request.can_read_body else None
        method = "WATCH" if request.query.get("watch") == "true" else request.method
        self.asked.append(f"{method} {request.path}")
        if (refused := await self._refusal(method, request.path)) is not None:
            return refused
        if request.path in _SAID:
            return web.json_response(_SAID[request.path])
        if request.path == "/apis":
            return web.json_response({"groups": self._groups()})
        if _GROUP.fullmatch(request.path):
            if request.path not in self.served:
                return _status(404, "NotFound")
            return web.json_response({"resources": self.served[request.path]})
        place = _PLACE.fullmatch(request.path)
        if place is None:
            return _status(404, "NotFound")
        if method == "WATCH":
            return await self._watch(request, place)
        if method == "GET":
            return self._read(request, place)
        self.writes.append(Written(method, request.path, body))
        return self._write(request, place, body)

    async def _refusal(self, method: str, path: str) -> web.Response | None:
        for refusal in self._refused:
            if refusal[0] == method and refusal[1].search(path) and refusal[4]:
                refusal[4] -= 1
                if not refusal[2]:
                    await asyncio.Event().wait()
                return _status(refusal[2], refusal[3])
        return None

    def _groups(self) -> list[Json]:
        found = [path.split("/")[2:] for path in self.served if path.startswith("/apis/")]
        versions = {group: [v for other, v in found if other == group] for group, _ in found}
        return [
            {
                "name": group,
                "versions": [{"version": one} for one in those],
                "preferredVersion": {"version": those[0]},
            }
            for group, those in versions.items()
        ]

    def _read(self, request: web.Request, place: re.Match[str]) -> web.Response:
        path = f"{place['group']}/{place['plural']}"
        objects = self.objects.get(path, {})
        if place["name"]:
            found = objects.get((place["namespace"] or "", place["name"]))
            return web.json_response(found) if found else _status(404, "NotFound")
        items = [one for one in objects.values() if _selected(request, place, one)]
        metadata = {"resourceVersion": str(self._version)}
        return web.json_response({"metadata": metadata, "items": items})

    async def _watch(self, request: web.Request, place: re.Match[str]) -> web.StreamResponse:
        path = f"{place['group']}/{place['plural']}"
        response = web.StreamResponse()
        await response.prepare(request)
        since = int(request.query.get("resourceVersion") or 0)
        while True:
            for event in list(self._events.get(path, [])):
                if event.version > since and _selected(request, place, event.found):
                    line = json.dumps({"type": event.kind, "object": event.found})
                    await response.write(line.encode() + b"\n")
                since = max(since, event.version)
            async with self._news:
                if not any(one.version > since for one in self._events.get(path, [])):
                    await self._news.wait()

    def _write(self, request: web.Request, place: re.Match[str], body: Any) -> web.Response:
        path, namespace = f"{place['group']}/{place['plural']}", place["namespace"] or ""
        if request.method == "POST":
            key = (namespace, body["metadata"]["name"])
            if key in self.objects.get(path, {}):
                return _status(409, "AlreadyExists")
            return web.json_response(self._store(path, body, None), status=201)
        before = self.objects.get(path, {}).get((namespace, place["name"]))
        if before is None:
            return _status(404, "NotFound")
        asked = (body or {}).get("preconditions", {}) if request.method == "DELETE" else {}
        asked = asked or (body or {}).get("metadata", {})
        for field in ("resourceVersion", "uid"):
            if asked.get(field, before["metadata"][field]) != before["metadata"][field]:
                return _status(409, "Conflict")
        if request.method == "DELETE":
            self.drop(path, place["name"], namespace)
            return web.json_response({"kind": "Status", "status": "Success"})
        if request.method == "PATCH":
            body = {key: one for key, one in body.items() if (key == "status") == bool(place[5])}
            applied = "apply-patch" in request.content_type
            body = _merged(before, body, by_name=applied)
        return web.json_response(self._store(path, body, before))

    def _store(self, path: str, found: Json, before: Json | None) -> Json:
        found = copy.deepcopy(found)
        metadata = found["metadata"]
        same = {} if before is None else before["metadata"]
        metadata["uid"] = same.get("uid") or f"uid-{self._version + 1}"
        generation = same.get("generation", 0)
        changed = before is None or before.get("spec") != found.get("spec")
        metadata["generation"] = generation + changed
        metadata["resourceVersion"] = same.get("resourceVersion")
        if found == before:
            return before
        self._version += 1
        metadata["resourceVersion"] = str(self._version)
        key = (metadata.get("namespace", ""), metadata["name"])
        self.objects.setdefault(path, {})[key] = found
        kind = "ADDED" if before is None else "MODIFIED"
        self._tell(path, _Event(self._version, kind, found))
        return found

    def _tell(self, path: str, event: _Event) -> None:
        self._events.setdefault(path, []).append(event)

        async def notify() -> None:
            async with self._news:
                self._news.notify_all()

        telling = asyncio.get_running_loop().create_task(notify())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)


def _selected(request: web.Request, place: re.Match[str], found: Json) -> bool:
    metadata = found["metadata"]
    if place["namespace"] and metadata.get("namespace") != place["namespace"]:
        return False
    for selector in filter(None, request.query.get("fieldSelector", "").split(",")):
        field, _, value = selector.partition("=")
        here = {
            "metadata.name": metadata["name"],
            "type": found.get("type"),
            "status.phase": found.get("status", {}).get("phase"),
        }[field.removesuffix("!")]
        if (here == value) == field.endswith("!"):
            return False
    labels = metadata.get("labels") or {}
    wanted = request.query.get("labelSelector", "")
    return all(
        one in {f"{key}={labels[key]}" for key in labels} for one in wanted.split(",") if one
    )


def _merged(before: Any, patch: Any, *, by_name: bool) -> Any:
    """RFC 7396; an apply merges the webhooks of a configuration by their names."""
    if by_name and isinstance(patch, list) and all("name" in one for one in patch if one):
        named = {one["name"]: one for one in before or []}
        for one in patch:
            named[one["name"]] = _merged(named.get(one["name"], {}), one, by_name=False)
        return list(named.values())
    if not isinstance(patch, dict):
        return patch
    found = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merged(found.get(key), value, by_name=by_name and key == "webhooks")
    return found


def _status(code: int, reason: str) -> web.Response:
    body = {"kind": "Status", "code": code, "reason": reason, "message": f"{reason} it is"}
    return web.json_response(body, status=code)


@asynccontextmanager
async def api_server() -> AsyncIterator[tuple[ApiServer, Api]]:
    """A server, and the API that talks to it; our namespace is `cocket`."""
    server = ApiServer()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with ApiClient(Configuration(host=f"http://{host}:{port}")) as client:
            yield server, Api(client, "cocket")
    finally:
        await runner.cleanup()
