"""An audit as one JSON document, or as one JSON object an owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import ImageFacts
from webhook.core.recorded import answers
from webhook.reports.audit_checked import check_result
from webhook.reports.check_json import API_VERSION, finding_data, summary_data
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.reports.audited import Audit, Audited, Owner, RunningImage

KIND = "Audit"


def render_audit_json(audit: Audit) -> str:
    """An `Audit` document; one owner a line inside it, so that it can be compared."""
    owners = ",\n".join(to_json(_owner(one)) for one in audit.audited)
    head = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "taken": audit.taken.isoformat().replace("+00:00", "Z"),
        "cluster": audit.cluster,
        "version": audit.version,
        "missing": list(audit.missing),
        "pods": sum(one.pods for one in audit.audited),
        "summary": summary_data(check_result(audit).summary()),
    }
    return f'{to_json(head)[:-1]},"owners":[\n{owners}\n]}}\n'


def render_audit_jsonl(audit: Audit) -> str:
    """The owners alone, one a line, each as in the document."""
    return "".join(f"{to_json(_owner(one))}\n" for one in audit.audited)


def said_of(image: RunningImage) -> Mapping[str, str]:
    """Commit, source, built and pid1 of an image, as far as they are known."""
    facts = image.facts
    if not isinstance(facts, ImageFacts):
        return {}
    return answers(facts.platforms)


def owner_data(owner: Owner) -> Mapping[str, object]:
    """An owner as plain data."""
    return {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "namespace": owner.namespace,
        "name": owner.name,
        "uid": owner.uid,
    }


def _owner(one: Audited) -> Mapping[str, object]:
    return {
        "owner": owner_data(one.owner),
        "pods": one.pods,
        "allowed": one.verdict.allowed,
        "findings": [finding_data(finding) for finding in one.verdict.findings],
        "images": [_image(image) for image in one.images],
    }


def _image(image: RunningImage) -> Mapping[str, object]:
    use, facts = image.use, image.facts
    why = {} if isinstance(facts, ImageFacts) else {"unknown": facts.reason, "detail": facts.detail}
    return {
        "container": use.container,
        "role": use.role.value,
        "pointer": use.pointer,
        "image": use.image,
        "digest": image.digest,
        "running": list(image.running),
        "environment": image.environment,
        **said_of(image),
        **why,
    }
