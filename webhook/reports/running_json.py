"""What runs as one JSON document, or as one JSON object a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import Unknown
from webhook.reports.audit_json import owner_data, said_of
from webhook.reports.check_json import API_VERSION
from webhook.reports.running import known_of
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from webhook.reports.audited import Audit, Audited, RunningImage

KIND = "Running"


def render_running_json(audit: Audit) -> str:
    """A `Running` document; one container a line inside it."""
    head = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "taken": audit.taken.isoformat().replace("+00:00", "Z"),
        "cluster": audit.cluster,
        "missing": list(audit.missing),
    }
    containers = ",\n".join(to_json(one) for one in _containers(audit))
    return f'{to_json(head)[:-1]},"containers":[\n{containers}\n]}}\n'


def render_running_jsonl(audit: Audit) -> str:
    """The containers alone, one a line, each as in the document."""
    return "".join(f"{to_json(one)}\n" for one in _containers(audit))


def _containers(audit: Audit) -> Iterator[Mapping[str, object]]:
    for one in audit.audited:
        for image in one.images:
            yield _container(one, image, audit.taken)


def _container(one: Audited, image: RunningImage, taken: datetime) -> Mapping[str, object]:
    use, facts, known = image.use, image.facts, known_of(image, taken)
    unknown = None
    if isinstance(facts, Unknown):
        unknown = {"reason": facts.reason, "detail": facts.detail}
    system = {"name": known.system, "endOfLife": known.until or None, "ended": known.ended}
    return {
        "workload": owner_data(one.owner),
        "pods": one.pods,
        "container": use.container,
        "role": use.role.value,
        "image": use.image,
        "digest": image.digest or None,
        "running": list(image.running),
        "os": system if known.system else None,
        "application": known.application or None,
        "commit": known.commit or None,
        "commitUrl": known.commit_url or None,
        "commitFrom": known.commit_from,
        "source": known.source or None,
        "sourceFrom": known.source_from,
        "built": said_of(image).get("built"),
        "builtFrom": known.built_from,
        "ageDays": known.days,
        "agreement": known.agreement,
        "differences": known.differences or None,
        "pid1": known.pid1 or None,
        "stopSignal": known.stop or None,
        "sure": known.sure.value,
        "detail": known.detail or None,
        "unknown": unknown,
    }
