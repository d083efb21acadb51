"""A simulation as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.reports.check_json import API_VERSION, finding_data
from webhook.reports.simulated import Standing, Turn
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.reports.simulated import Change, Simulation


def render_simulation_json(found: Simulation) -> str:
    """A `Simulation` document; one change a line inside it, so that it can be compared."""
    head: Mapping[str, object] = {
        "apiVersion": API_VERSION,
        "kind": "Simulation",
        "taken": found.taken.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cluster": found.cluster,
        "version": found.version,
        "added": list(found.added),
        "replaced": list(found.replaced),
        "missing": list(found.missing),
        "summary": {
            "owners": found.owners,
            "pods": found.pods,
            "unknown": found.unknown,
            "before": {one.value: found.before[one] for one in Standing},
            "after": {one.value: found.after[one] for one in Standing},
            **{_key(turn): found.count(turn) for turn in Turn},
        },
    }
    changes = ",\n".join(to_json(_change(one)) for one in found.changes)
    return f'{to_json(head)[:-1]},"changes":[\n{changes}\n]}}\n'


def _key(turn: Turn) -> str:
    return {
        Turn.REFUSED: "newlyRefused",
        Turn.WARNED: "newlyWarned",
        Turn.OTHERWISE: "otherwise",
        Turn.QUIETED: "noMoreWarned",
        Turn.ADMITTED: "newlyAdmitted",
    }[turn]


def _change(one: Change) -> Mapping[str, object]:
    owner = one.owner
    return {
        "owner": {
            "apiVersion": owner.api_version,
            "kind": owner.kind,
            "namespace": owner.namespace,
            "name": owner.name,
            "uid": owner.uid,
        },
        "pods": one.pods,
        "change": _key(one.turn),
        "before": one.before.value,
        "after": one.after.value,
        "new": [finding_data(finding) for finding in one.new],
        "gone": [finding_data(finding) for finding in one.gone],
    }
