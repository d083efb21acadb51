"""Documents to policies, as one whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, refusal
from tests.core.documents import ANYTHING, document, policy, registry
from webhook.core.document import Document
from webhook.core.policy import OnUnknown
from webhook.core.resources import Loaded, default_policies, load_policies
from webhook.core.verdict import Mode
from webhook.errors import InvalidPolicyError


def problem(*documents: Document) -> str:
    with pytest.raises(InvalidPolicyError) as raised:
        load_policies(documents)
    return str(raised.value)


def test_policies_use_registries_wherever_these_stand() -> None:
    loaded = load_policies(
        [policy(registry={"environments": ["production"]}), registry(environment="production")]
    )

    assert [one.name for one in loaded.policies.policies] == ["main"]
    assert [one.name for one in loaded.policies.registries.all] == ["prod"]
    assert loaded.policies.policies[0].rules[0].rule.registries is loaded.policies.registries  # type: ignore[attr-defined]
    assert loaded.warnings == ()


def test_the_built_in_policy_checks_all_but_the_registry_and_lets_unknowns_pass() -> None:
    policies = default_policies().policies

    assert [(one.name, one.on_unknown) for one in policies.policies] == [
        ("default", OnUnknown.WARN)
    ]
    assert [(active.rule.name, active.mode) for active in policies.policies[0].rules] == [
        ("digest", Mode.ENFORCE),
        ("provenance", Mode.ENFORCE),
        ("init", Mode.ENFORCE),
    ]
    assert policies.registries.all == ()
    assert policies.enforces


def test_an_environment_that_no_registry_has_is_a_warning() -> None:
    loaded = load_policies([policy(registry={"environments": ["production", "prodution"]})])

    assert loaded.warnings == (
        (
            "p.yaml:1: ClusterImagePolicy main: spec.rules.registry.environments: "
            "no Registry has the environment production"
        ),
        (
            "p.yaml:1: ClusterImagePolicy main: spec.rules.registry.environments: "
            "no Registry has the environment prodution"
        ),
    )


def test_registries_alone_check_nothing_and_are_no_policy() -> None:
    assert "there is no ClusterImagePolicy" in problem(registry())
    assert "there is no ClusterImagePolicy" in problem()


def test_registries_alone_are_enough_where_nothing_is_judged() -> None:
    loaded = load_policies([registry()], policy_required=False)

    assert loaded == Loaded(loaded.policies)
    assert loaded.policies.policies == ()
    assert [one.name for one in loaded.policies.registries.all] == ["prod"]


def test_what_an_api_server_adds_is_left_alone() -> None:
    metadata = {"name": "main", "uid": "u", "managedFields": [], "annotations": {"a": "b"}}
    exported = document(
        "ClusterImagePolicy",
        "",
        {"rules": {"digest": {}}},
        metadata=metadata,
        status={"conditions": []},
    )

    assert [one.name for one in load_policies([exported]).policies.policies] == ["main"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Document("p.yaml", 1, 5), "p.yaml:1: expected a mapping, got 5"),
        (Document("p.yaml", 1, {}), "p.yaml:1: kind is missing"),
        (
            document("Deployment", "web", {}),
            (
                "p.yaml:1: kind: Deployment is no kind of policy; here stand Registry, "
                "ClusterImagePolicy, ImagePolicy and ImageException"
            ),
        ),
        (Document("p.yaml", 1, {"kind": 5}), "p.yaml:1: kind: expected a string, got 5"),
        (
            document("Registry", "x", {}, apiVersion="v1"),
            "p.yaml:1: apiVersion: expected cocket.dev/v1alpha1, got v1",
        ),
        (document("Registry", "x", {}, metadata=None), "p.yaml:1: metadata: it has no value"),
        (document("Registry", "x", {}, metadata={}), "p.yaml:1: metadata: name is missing"),
        (
            document("Registry", "Prod", {}),
            "p.yaml:1: metadata.name: expected small letters, digits, dots and hyphens",
        ),
        (
            document("Registry", "x", {}, metadata={"name": "x", "namespace": "y"}),
            "p.yaml:1: Registry x: metadata.namespace: unknown field",
        ),
        (
            document("Registry", "x", {}, extra={}),
            "p.yaml:1: Registry x: extra: unknown field; known: ",
        ),
        (document("Registry", "x", None), "p.yaml:1: Registry x: spec: it has no value"),
        (document("Registry", "x", []), "p.yaml:1: Registry x: spec: expected a mapping"),
        (
            document("ClusterImagePolicy", "x", {"rules": {}}),
            "p.yaml:1: ClusterImagePolicy x: spec.rules: a policy without rules",
        ),
        (registry("x", tls={"plainHTTP": 1}), "p.yaml:1: Registry x: spec.tls.plainHTTP: expected"),
    ],
)
def test_a_document_that_cannot_be_used_is_an_error(wrong: Document, message: str) -> None:
    assert problem(wrong, policy()).startswith(message)


def test_a_document_without_a_spec_is_an_error() -> None:
    bare = Document(
        "p.yaml",
        1,
        {"apiVersion": "cocket.dev/v1alpha1", "kind": "Registry", "metadata": {"name": "x"}},
    )

    assert problem(bare) == "p.yaml:1: Registry x: spec is missing"


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        (
            (policy(line=1), policy(line=9)),
            (
                "p.yaml:9: ClusterImagePolicy main: metadata.name: there are two of this name; "
                "see p.yaml:1"
            ),
        ),
        (
            (registry(line=1), registry(line=9, host="other.example.com")),
            "p.yaml:9: Registry prod: metadata.name: there are two of this name; see p.yaml:1",
        ),
        (
            (registry("a", 1, host="x.example.com"), registry("b", 9, host="X.example.com:443")),
            "p.yaml:9: Registry b: spec.host: Registry a has the same host and path; see p.yaml:1",
        ),
        (
            (registry(promotesFrom="preprod"),),
            "p.yaml:1: Registry prod: spec.promotesFrom: there is no Registry preprod",
        ),
        (
            (registry(promotesFrom="prod"),),
            "p.yaml:1: Registry prod: spec.promotesFrom: a Registry cannot promote from itself",
        ),
    ],
)
def test_documents_that_contradict_each_other_are_an_error(
    documents: tuple[Document, ...], message: str
) -> None:
    assert problem(*documents) == message


def test_contradictions_are_named_without_files_too() -> None:
    one, two = policy(), registry("a", host="x.example.com")
    bare = [Document("", 0, one.data), Document("", 0, one.data)]
    twins = [
        Document("", 0, two.data),
        Document("", 0, registry("b", host="x.example.com").data),
    ]

    assert problem(*bare) == ("ClusterImagePolicy main: metadata.name: there are two of this name")
    assert problem(*twins) == "Registry b: spec.host: Registry a has the same host and path"


def test_one_name_may_be_used_by_a_registry_and_a_policy() -> None:
    assert load_policies([registry("x"), policy("x")]).warnings == ()


def test_a_registry_may_promote_from_one_further_down() -> None:
    loaded = load_policies([registry(promotesFrom="preprod"), registry("preprod"), policy()])

    assert loaded.policies.registries.all[0].promotes_from == "preprod"


@given(
    kind=st.sampled_from(["Registry", "ClusterImagePolicy", "ImagePolicy"]),
    spec=ANYTHING,
    whole=ANYTHING,
)
def test_whatever_stands_in_a_document_it_is_read_or_refused(
    kind: str, spec: object, whole: object
) -> None:
    for one in (document(kind, "x", spec), Document("p.yaml", 1, whole)):
        assert refusal(lambda one=one: load_policies([one])).isprintable()  # type: ignore[misc]


def exception(namespace: str = "anywhere", **spec: object) -> Document:
    given = {
        "rules": ["digest"],
        "namespaces": ["shop"],
        "image": "r.example/a",
        "reason": "soon",
        "expires": "2026-12-01T00:00:00Z",
    }
    metadata = {"name": "x", "namespace": namespace}
    return document("ImageException", "x", given | spec, metadata=metadata)


def test_files_may_hold_policies_of_namespaces_and_exceptions_from_any() -> None:
    metadata = {"name": "main", "namespace": "shop"}
    local = document("ImagePolicy", "main", {"rules": {"init": {}}}, metadata=metadata)
    loaded = load_policies([exception(), local], now=NOW)

    assert [one.name for one in loaded.policies.policies] == ["shop/main"]
    assert [one.name for one in loaded.policies.exceptions] == ["anywhere/x"]
    assert loaded.ignored == ()


def test_exceptions_in_files_last_no_longer_either() -> None:
    long = exception(expires="2028-01-01T00:00:00Z")
    raised = refusal(lambda: load_policies([long, policy()], now=NOW))
    shorter = refusal(lambda: load_policies([exception(), policy()], now=NOW, max_exception_days=1))
    timeless = refusal(lambda: load_policies([exception(), policy()]))

    prefix = "p.yaml:1: ImageException anywhere/x: spec.expires: "
    assert raised.startswith(f"{prefix}an exception lasts at most 90 days")
    assert shorter.startswith(f"{prefix}an exception lasts at most 1 days")
    assert timeless.startswith(f"{prefix}nobody knows when it was made")


def test_two_policies_of_one_name_in_two_namespaces_are_two() -> None:
    one, two = (
        document(
            "ImagePolicy", "x", {"rules": {"init": {}}}, metadata={"name": "x", "namespace": place}
        )
        for place in ("a", "b")
    )

    assert len(load_policies([one, two]).policies.policies) == 2
    assert "ImagePolicy a/x: metadata.name: there are two of this name" in problem(one, one)
