"""Documents added to those in force: what would decide, and what nobody may overlook."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.builders import NOW, refusal
from webhook.core.candidates import Candidate, Gathered, candidate
from webhook.core.document import Document
from webhook.core.resources import gather_policies
from webhook.core.verdict import Mode

BEFORE = "2026-11-20T00:00:00Z"


def document(kind: str, name: str, spec: object, **metadata: Any) -> Document:
    """A document in a file, or with `creationTimestamp` in a cluster."""
    data = {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }
    return Document("" if "creationTimestamp" in metadata else "new.yaml", 7, data)


def policy(name: str, mode: str = "enforce", **metadata: Any) -> Document:
    return document("ClusterImagePolicy", name, {"mode": mode, "rules": {"digest": {}}}, **metadata)


def registry(name: str, host: str, **metadata: Any) -> Document:
    return document("Registry", name, {"host": host}, **metadata)


def exception(namespace: str, **metadata: Any) -> Document:
    spec = {
        "rules": ["digest"],
        "namespaces": ["shop"],
        "image": "r.example.com/web",
        "reason": "soon",
        "expires": "2026-12-01T00:00:00Z",
    }
    return document("ImageException", "one", spec, namespace=namespace, **metadata)


def gathered(*documents: Document) -> Gathered:
    gather = Gathered(
        partial(gather_policies, exception_namespaces={"security"}, max_exception_days=90)
    )
    gather(documents or (policy("main", "audit", creationTimestamp=BEFORE),))
    return gather


def made(*documents: Document, beside: Gathered | None = None) -> Candidate:
    return candidate(beside or gathered(), documents, NOW)


def modes(found: Candidate) -> dict[str, Mode]:
    return {one.name: one.rules[0].mode for one in found.policies.policies}


def test_a_new_document_is_added_to_those_in_force() -> None:
    found = made(policy("second"))

    assert modes(found) == {"main": Mode.AUDIT, "second": Mode.ENFORCE}
    assert (found.added, found.replaced) == (("ClusterImagePolicy second",), ())
    assert found.warnings == ()


def test_one_of_the_same_kind_and_name_is_replaced() -> None:
    found = made(policy("main"))

    assert modes(found) == {"main": Mode.ENFORCE}
    assert (found.added, found.replaced) == ((), ("ClusterImagePolicy main",))


def test_the_same_name_of_another_kind_or_namespace_is_another_document() -> None:
    spec: dict[str, Any] = {"rules": {"digest": {}}}
    found = made(
        document("ImagePolicy", "main", spec, namespace="shop"),
        document("ImagePolicy", "main", spec, namespace="bank"),
    )

    assert found.added == ("ImagePolicy shop/main", "ImagePolicy bank/main")
    assert len(found.policies.policies) == 3


def test_what_replaces_keeps_its_age() -> None:
    """Of two Registries of one host the older one stays."""
    beside = gathered(
        policy("main", creationTimestamp=BEFORE),
        registry("old", "r.example.com", creationTimestamp=BEFORE),
    )

    replaced = made(registry("old", "r.example.com:5000"), beside=beside)
    twin = refusal(lambda: made(registry("new", "r.example.com"), beside=beside))

    assert [one.host for one in replaced.policies.registries.all] == ["r.example.com:5000"]
    assert twin == ("new.yaml:7: Registry new: spec.host: Registry old has the same host and path")


def test_a_new_exception_begins_now() -> None:
    found = made(exception("security"))

    assert [one.name for one in found.policies.exceptions] == ["security/one"]


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ((), "there is no document, so nothing would change"),
        (
            (policy("a"), policy("a")),
            "new.yaml:7: ClusterImagePolicy a: metadata.name: there are two",
        ),
        ((document("Pod", "a", {}),), "new.yaml:7: kind: Pod is no kind of policy"),
        (
            (document("ClusterImagePolicy", "a", {}),),
            "new.yaml:7: ClusterImagePolicy a: spec.rules",
        ),
        (
            (exception("elsewhere"),),
            "new.yaml:7: ImageException elsewhere/one: exceptions are honoured only from security",
        ),
    ],
)
def test_what_would_have_no_effect_is_refused(documents: tuple[Document, ...], said: str) -> None:
    assert refusal(lambda: made(*documents)).startswith(said)


def test_what_is_broken_already_is_no_fault_of_the_new() -> None:
    beside = gathered(
        document("ClusterImagePolicy", "bad", {}, creationTimestamp=BEFORE),
        exception("elsewhere", creationTimestamp=BEFORE),
    )
    found = made(policy("good"), beside=beside)

    assert modes(found) == {"good": Mode.ENFORCE}
    assert [one.title for one in found.policies.broken] == ["ClusterImagePolicy bad"]


def test_only_warnings_about_the_new_are_told() -> None:
    strange = {"rules": {"registry": {"environments": ["nowhere"]}}}
    beside = gathered(document("ClusterImagePolicy", "old", strange, creationTimestamp=BEFORE))

    assert len(made(policy("a"), beside=beside).policies.policies) == 2
    assert made(policy("a"), beside=beside).warnings == ()
    [warning] = made(document("ClusterImagePolicy", "b", strange), beside=beside).warnings
    assert warning.startswith("new.yaml:7: ClusterImagePolicy b: spec.rules.registry.environments")


def test_what_was_gathered_last_is_remembered() -> None:
    gather = gathered()
    first = gather.documents
    gather([policy("other", creationTimestamp=BEFORE)])

    assert [one.data["metadata"]["name"] for one in (*first, *gather.documents)] == [  # type: ignore[index]
        *("main", "other")
    ]
