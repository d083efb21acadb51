"""The webhook configuration: do API servers ask, about everything, and what if nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webhook.cluster.kinds import CRON_JOBS, CRON_JOBS_BETA
from webhook.core.printable import printable
from webhook.doctor.picture import Picture, Unseen
from webhook.operator.configuration import (
    NAMESPACE_LABEL,
    SYSTEM_NAMESPACE,
    WEBHOOK,
    Endpoint,
    Live,
    Shape,
    configuration,
    drift,
)
from webhook.reports.diagnoses import Diagnosis, State

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHECK = "configuration"
_MAX_SHOWN = 10


def webhook_configuration(picture: Picture) -> Iterator[Diagnosis]:
    """Whether API servers ask us about all that names images."""
    live, name = picture.configuration, picture.configuration_name
    mend = f"kubectl -n {picture.namespace} rollout restart deployment/cocket-operator"
    if isinstance(live, Unseen):
        yield Diagnosis(_CHECK, State.UNKNOWN, f"webhook configuration {name}: {live.why}")
        return
    if live is None or live.ours is None:
        what = f"no webhook {WEBHOOK} in it" if live else "no webhook configuration of this name"
        yield Diagnosis(_CHECK, State.WRONG, f"{name}: there is {what}: nothing is checked", mend)
        return
    differing = drift(live, _wanted(live, picture.namespace))
    if differing:
        fields = printable(", ".join(differing), 300)
        message = f"{name}: somebody changed {fields}, so some objects may not be checked"
        yield Diagnosis(_CHECK, State.WRONG, message, mend)
    else:
        yield Diagnosis(_CHECK, State.OK, f"{name}: API servers ask about all that names images")
    yield _failing(live, picture)
    if live.foreign:
        names = ", ".join(printable(str(one.get("name")), 100) for one in live.foreign[:_MAX_SHOWN])
        message = f"{name}: there are webhooks in it that are not ours: {names}"
        fix = f"kubectl edit validatingwebhookconfiguration {name}"
        yield Diagnosis(_CHECK, State.RISK, message, fix)


def excluded_namespaces(picture: Picture) -> Iterator[Diagnosis]:
    """Where nobody is asked, and whether that is what the selector really does."""
    for name, found in picture.excluded.items():
        if isinstance(found, Unseen):
            yield Diagnosis("namespaces", State.UNKNOWN, f"{name}: {found.why}")
        elif found is None:
            message = f"{name} is left out, and there is no such namespace: whoever creates it is"
            fix = "Take it out of excludedNamespaces, or create it."
            yield Diagnosis("namespaces", State.RISK, message, fix)
        elif (found.metadata.labels or {}).get(NAMESPACE_LABEL) != name:
            message = f"{name} is to be left out, and lacks the label {NAMESPACE_LABEL}"
            fix = f"kubectl label namespace {name} {NAMESPACE_LABEL}={name}"
            yield Diagnosis("namespaces", State.WRONG, message, fix)
        elif name in {picture.namespace, SYSTEM_NAMESPACE}:
            yield Diagnosis("namespaces", State.OK, f"{name} is left out, as it must be")
        else:
            message = f"nothing in {name} is checked: it is one of excludedNamespaces"
            fix = (
                f"kubectl auth can-i create pods -n {name} --as USER    # who may start Pods there"
            )
            yield Diagnosis("namespaces", State.RISK, message, fix)


def excluded_of(live: Live) -> list[str]:
    """The namespaces that a configuration leaves out by their names."""
    expressions = ((live.ours or {}).get("namespaceSelector") or {}).get("matchExpressions") or []
    for one in expressions:
        if one.get("key") == NAMESPACE_LABEL and one.get("operator") == "NotIn":
            return sorted(map(str, one.get("values") or ()))
    return []


def _failing(live: Live, picture: Picture) -> Diagnosis:
    if live.fails:
        return Diagnosis(_CHECK, State.OK, "failurePolicy is Fail: nothing passes unchecked")
    return Diagnosis(
        _CHECK,
        State.RISK,
        "failurePolicy is Ignore: while no replica answers, everything passes unchecked",
        f"helm upgrade cocket charts/cocket -n {picture.namespace} --reuse-values "
        "--set operator.failurePolicy=Fail",
    )


def _wanted(live: Live, namespace: str) -> dict[str, Any]:
    """What the operator would write, with the settings that stand in the live one."""
    ours: dict[str, Any] = live.ours or {}
    client: dict[str, Any] = ours.get("clientConfig") or {}
    service: dict[str, Any] = client.get("service") or {}
    rules = ours.get("rules") or []
    beta = any(CRON_JOBS_BETA.version in (one.get("apiVersions") or ()) for one in rules)
    shape = Shape(
        name=live.metadata.name,
        endpoint=Endpoint(
            namespace=namespace,
            service=str(service.get("name", "")),
            url=str(client.get("url", "")),
            port=int(service.get("port", 443)),
        ),
        timeout_seconds=int(ours.get("timeoutSeconds", 10)),
        excluded=tuple(excluded_of(live)),
    )
    kinds = (CRON_JOBS_BETA,) if beta else (CRON_JOBS,)
    wanted = configuration(shape, bundle=live.bundle, fail=live.fails, cron_jobs=kinds)
    # Who keeps the CA there, and how it is written, is another question.
    wanted["webhooks"][0]["clientConfig"].pop("caBundle", None)
    return wanted
