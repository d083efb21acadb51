"""The two report APIs in a cluster, and a reader that knows their standard fields alone."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

from tests.e2e.server import wait_until
from tests.reports.published import FILES, PLURALS, own_schema
from webhook.reports.policy_report import ReportApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.server import ApiServer

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def definition(api: ReportApi) -> dict[str, Any]:
    """The published one, where it is there; else one of our own with the same names."""
    if FILES[api].exists():
        found: dict[str, Any] = yaml.safe_load(FILES[api].read_text(encoding="utf-8"))
        return found
    group, _, version = api.value.partition("/")
    names = {"kind": api.kind, "plural": PLURALS[api], "listKind": f"{api.kind}List"}
    schema = {"openAPIV3Schema": _structural(own_schema(api))}
    versions = [{"name": version, "served": True, "storage": True, "schema": schema}]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURALS[api]}.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": versions},
    }


@contextmanager
def served(server: ApiServer, api: ReportApi) -> Iterator[None]:
    """Serve one of the APIs meanwhile; what is written in it goes with it."""
    made = definition(api)
    made.pop("status", None)
    name = made["metadata"]["name"]
    server.create(_DEFINITIONS, made)
    try:
        wait_until(lambda: server.ask("GET", f"/apis/{api.value}/{PLURALS[api]}")[0] == 200, name)
        yield
    finally:
        server.ask("DELETE", f"{_DEFINITIONS}/{name}")
        wait_until(lambda: server.ask("GET", f"{_DEFINITIONS}/{name}")[0] == 404, f"no {name}")


def reports(server: ApiServer, api: ReportApi, namespace: str) -> dict[str, dict[str, Any]]:
    """The reports of a namespace, by the kind and name of what they are about."""
    path = f"/apis/{api.value}/namespaces/{namespace}/{PLURALS[api]}"
    found = server.get(path)["items"]
    return {f"{one['scope']['kind']}/{one['scope']['name']}": one for one in found}


def wait_report(
    server: ApiServer,
    api: ReportApi,
    namespace: str,
    owner: str,
    true: Callable[[dict[str, Any]], bool] = bool,
) -> dict[str, Any]:
    """Wait until there is a report of which that is true."""
    seen: dict[str, Any] = {}

    def there() -> bool:
        seen.clear()
        seen.update(reports(server, api, namespace).get(owner, {}))
        return bool(seen) and true(seen)

    try:
        wait_until(there, f"a report on {owner}", 40)
    except AssertionError as error:
        raise AssertionError(f"{error}; it says {json.dumps(seen)[:2000]}") from None
    return dict(seen)


def rendered(report: dict[str, Any]) -> list[str]:
    """A report as any reader shows it: source, scope, summary, and a line for each result.

    Fields as Policy Reporter and its like take them (wgpolicyk8s.io/v1alpha2, openreports.io):
    without `resources` a result is about the scope; `properties.resultID` tells results apart.
    """
    scope, results = report["scope"], report["results"]
    source = report.get("source") or results[0]["source"]
    words = ("pass", "fail", "warn", "error", "skip")
    summary = " ".join(f"{word}={report['summary'][word]}" for word in words)
    assert len({one["properties"]["resultID"] for one in results}) == len(results)
    return [
        f"{source}: {scope['kind']} {scope['namespace']}/{scope['name']} {summary}",
        *(
            f"[{one['result']}] {one['category']} / {one['policy']} / {one['rule']}"
            f" ({one['severity']}): {one['message']}"
            for one in results
        ),
    ]


def _structural(schema: Any) -> Any:
    """JSON schema as a structural one: additionalProperties stand only where nothing is named."""
    if not isinstance(schema, dict):
        return schema
    found = {key: _structural(value) for key, value in schema.items()}
    if found.get("additionalProperties") is False:
        del found["additionalProperties"]
    return found
