"""What can be used of a cluster's objects, and what is set aside."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, image, pod, use
from tests.core.documents import ANYTHING, document, policy, registry
from webhook.core.document import Document
from webhook.core.image import ImageRef
from webhook.core.policy import Broken
from webhook.core.reading import MAX_LOCAL, Loaded
from webhook.core.resources import gather_policies
from webhook.core.rules.registry import RegistryRule
from webhook.core.verdict import Outcome


def gather(*documents: Document, honoured: tuple[str, ...] = ("security",)) -> Loaded:
    return gather_policies(documents, exception_namespaces=honoured, now=NOW)


def local(name: str = "main", namespace: str = "shop", **spec: Any) -> Document:
    metadata = {"name": name, "namespace": namespace}
    return document("ImagePolicy", name, {"rules": {"digest": {}}, **spec}, metadata=metadata)


def exception(name: str = "web", namespace: str = "security", **spec: Any) -> Document:
    given = {
        "rules": ["digest"],
        "namespaces": ["shop"],
        "image": "r.example/a",
        "reason": "soon",
        "expires": "2026-12-01T00:00:00Z",
    }
    metadata = {"name": name, "namespace": namespace}
    return document("ImageException", name, given | spec, metadata=metadata)


def made(one: Document, when: str) -> Document:
    assert isinstance(one.data, dict)
    metadata = one.data["metadata"] | {"creationTimestamp": when}
    return Document(one.file, one.line, one.data | {"metadata": metadata})


def names(loaded: Loaded) -> list[str]:
    return [one.name for one in loaded.policies.policies]


def test_a_broken_policy_is_set_aside_and_the_others_stay_in_force() -> None:
    loaded = gather(
        policy("good"),
        document("ClusterImagePolicy", "bad", {"rules": {"digset": {}}}),
        local("local"),
        local("worse", rules={}),
        Document("", 0, {"kind": "ClusterImagePolicy", "metadata": {"name": "old"}}),
        Document("", 0, 5),
        exception(expires="x"),
    )

    assert names(loaded) == ["good", "shop/local"]
    assert [(one.title, one.message.partition(";")[0]) for one in loaded.policies.broken] == [
        ("ClusterImagePolicy old", "apiVersion is missing"),
        (" ", "expected a mapping, got 5"),
        ("ClusterImagePolicy bad", "spec.rules.digset: unknown field"),
        (
            "ImageException security/web",
            "spec.expires: x is no date as in RFC 3339 (2026-11-20T08:00:00Z)",
        ),
        ("ImagePolicy shop/worse", "spec.rules: a policy without rules checks nothing"),
    ]


def test_an_empty_cluster_has_no_policy_and_that_is_no_error() -> None:
    assert gather().policies.policies == ()


def test_of_one_namespace_only_the_oldest_policies_are_in_force() -> None:
    many = [
        made(local(f"p{number:03}"), f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z")
        for number in reversed(range(MAX_LOCAL + 100))
    ]
    others = [local("main", f"ns{number}") for number in range(MAX_LOCAL + 1)]

    loaded = gather(*many, *others, policy("wide"))

    oldest = [f"shop/p{number:03}" for number in range(MAX_LOCAL)]
    assert [one for one in names(loaded) if one.startswith("shop/")] == oldest
    assert len(loaded.policies.policies) == MAX_LOCAL + len(others) + 1
    broken = loaded.policies.broken
    assert len(broken) == 100
    assert broken[0] == Broken(
        "ImagePolicy",
        "shop",
        f"p{MAX_LOCAL:03}",
        "namespace shop has more than 16 ImagePolicies, of which the oldest are in force: "
        "delete some, or make one of several",
    )


def test_an_image_policy_covers_its_namespace_and_selects_no_other() -> None:
    loaded = gather(local(), local("wide", namespaceSelector={}))

    (found,) = loaded.policies.policies
    assert (found.name, found.namespace) == ("shop/main", "shop")
    assert loaded.policies.broken[0].message.startswith("spec.namespaceSelector: unknown field")


def test_of_two_registries_in_one_place_the_older_one_stays() -> None:
    young = made(registry("a", host="r.example"), "2026-02-01T00:00:00Z")
    old = made(registry("b", host="r.example"), "2026-01-01T00:00:00Z")
    alike = made(registry("c", host="r.example"), "2026-01-01T00:00:00Z")
    unborn = registry("aa", host="r.example")

    for order in ((young, old, alike, unborn), (unborn, alike, old, young)):
        loaded = gather(*order)
        assert [one.name for one in loaded.policies.registries.all] == ["b"]
        assert loaded.policies.broken == tuple(
            Broken(
                "Registry",
                "",
                name,
                "spec.host: Registry b has the same host and path; see p.yaml:1",
            )
            for name in ("c", "a", "aa")
        )


def test_a_broken_registry_keeps_its_place_and_nothing_passes_there() -> None:
    loaded = gather(
        registry("whole", host="r.example", environment="production"),
        registry("dev", host="r.example/dev", environment="dev", colour="red"),
        registry("lost", host="*"),
        registry("same", host="r.example", promotesFrom="same"),
        policy(registry={}),
    )
    registries = loaded.policies.registries
    rule = RegistryRule(environments=("production",), registries=registries)
    text = "r.example/dev/x:1"
    answer = rule.check(use(text), pod(), image(text), NOW)

    assert sorted(one.name for one in registries.all) == ["dev", "whole"]
    assert [one.name for one in loaded.policies.broken] == ["dev", "lost", "same"]
    assert registries.of(ImageRef.parse(text)) == next(one for one in registries.all if one.broken)
    assert (answer.outcome, answer.message) == (
        Outcome.FAIL,
        "r.example/dev/x is from Registry dev, which is broken and not in force.",
    )


def test_a_registry_whose_source_is_not_there_yet_is_in_force_all_the_same() -> None:
    loaded = gather(registry(promotesFrom="preprod"))

    assert [one.promotes_from for one in loaded.policies.registries.all] == ["preprod"]
    assert loaded.policies.broken == ()
    assert loaded.warnings == (
        "p.yaml:1: Registry prod: spec.promotesFrom: there is no Registry preprod",
    )


def test_in_a_cluster_a_registry_names_a_secret() -> None:
    loaded = gather(
        registry("a", credentials={"secretName": "pull"}),
        registry("b", credentials={"secretName": "Pull"}),
        registry("c", credentials={"provider": "ecr"}),
        registry("d", credentials={"dockerConfigFile": "/etc/x"}),
    )

    assert [(one.name, one.secret_name) for one in loaded.policies.registries.all[:2]] == [
        ("a", "pull"),
        ("d", ""),
    ]
    assert [one.message for one in loaded.policies.broken] == [
        "spec.credentials.secretName: this is no name of a Secret",
        (
            "spec.credentials.provider: c.example.com is no registry of this provider, "
            "whose logins go to ACCOUNT.dkr.ecr.REGION.amazonaws.com only"
        ),
    ]


def test_exceptions_count_only_from_the_namespaces_that_the_settings_name() -> None:
    loaded = gather(exception(), exception("mine", "shop"), exception("bad", "shop", rules=[]))

    assert [one.name for one in loaded.policies.exceptions] == ["security/web"]
    assert loaded.policies.broken == ()
    assert loaded.ignored == (
        Broken(
            "ImageException",
            "shop",
            "bad",
            "exceptions are honoured only from security, so it has no effect",
        ),
        Broken(
            "ImageException",
            "shop",
            "mine",
            "exceptions are honoured only from security, so it has no effect",
        ),
    )


def test_where_no_namespace_is_named_no_exception_counts() -> None:
    (ignored,) = gather(exception(), honoured=()).ignored
    (other,) = gather(exception(namespace="x"), honoured=("d", "a", "c", "b")).ignored

    assert ignored.message.startswith("exceptions are honoured from no namespace here")
    assert other.message.startswith("exceptions are honoured only from a, b, c and 1 more, so")


def test_how_long_an_exception_lasts_counts_from_when_it_was_made() -> None:
    long = exception(expires="2027-03-01T00:00:00Z")
    loaded = gather(
        made(long, "2026-12-20T00:00:00Z"), made(exception("b"), "2026-01-01T00:00:00Z")
    )

    assert [one.name for one in loaded.policies.exceptions] == ["security/web"]
    assert loaded.policies.broken[0].message.startswith("spec.expires: an exception lasts at most")
    assert gather(long).policies.exceptions == ()


def test_an_expired_exception_is_told_to_its_author() -> None:
    loaded = gather(exception(expires="2026-11-01T00:00:00Z"))

    assert loaded.policies.broken == ()
    assert loaded.warnings == (
        "p.yaml:1: ImageException security/web: spec.expires: it has expired and has no effect",
    )


@given(
    documents=st.lists(
        ANYTHING.map(lambda data: Document("", 0, data))
        | st.builds(
            lambda kind, spec, namespace: document(
                kind, "x", spec, metadata={"name": "x", "namespace": namespace}
            ),
            st.sampled_from(["Registry", "ClusterImagePolicy", "ImagePolicy", "ImageException"]),
            ANYTHING,
            st.sampled_from(["shop", "security"]),
        ),
        max_size=4,
    )
)
def test_whatever_stands_in_a_cluster_nothing_raises(documents: list[Document]) -> None:
    loaded = gather(policy("good"), *documents)

    assert "good" in names(loaded)
    assert all(one.message.isprintable() for one in loaded.policies.broken)
