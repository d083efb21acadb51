"""What provenance says: BuildKit's in both versions, GitHub's, and what says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attesting import COMMIT, SLSA_02, SLSA_1, SOURCE, slsa_02, slsa_1
from webhook.core.build import Build, Place, Voucher
from webhook.registry.slsa import read_build
from webhook.registry.statements import Format, Statement, form_of

VOUCHER = Voucher(Place.INDEX)
GIT = {"uri": f"git+{SOURCE}@refs/heads/main", "digest": {"sha1": COMMIT}}
OTHER = {"uri": "git+https://github.com/acme/lib@refs/heads/main", "digest": {"sha1": "b" * 40}}


def read(predicate: dict[str, Any], form: Format = Format.SLSA_02) -> Build:
    return read_build(Statement(form, predicate), VOUCHER)


def v1(external: dict[str, Any], dependencies: object = ()) -> dict[str, Any]:
    return {
        "buildDefinition": {
            "externalParameters": external,
            "resolvedDependencies": dependencies,
        }
    }


@pytest.mark.parametrize("kind", [SLSA_02, SLSA_1])
def test_buildkit_names_commit_source_and_builder(kind: str) -> None:
    form = form_of(kind)
    assert form is not None
    predicate = slsa_02() if kind == SLSA_02 else slsa_1()

    assert read(predicate, form) == Build(
        voucher=VOUCHER, commit=COMMIT, source=SOURCE, builder="https://ci.example.com/runs/7"
    )


def test_buildkit_writes_what_it_was_told_in_v1_too() -> None:
    told = {"vcs": {"revision": COMMIT, "source": SOURCE}}
    predicate = {"runDetails": {"metadata": {"buildkit_metadata": told}}}

    assert read(predicate, Format.SLSA_1).commit == COMMIT


def test_a_folder_with_changes_is_no_commit_alone() -> None:
    found = read(slsa_02(f"{COMMIT}-dirty"))

    assert (found.commit, found.dirty) == (COMMIT, True)


def test_what_was_fetched_comes_before_what_was_told() -> None:
    predicate = slsa_02("c" * 40) | {"invocation": {"configSource": GIT}}

    assert read(predicate).commit == COMMIT


@pytest.mark.parametrize(
    ("materials", "commit"),
    [
        ([GIT], COMMIT),
        ([GIT, GIT], COMMIT),
        ([{"uri": SOURCE, "digest": {"gitCommit": COMMIT}}], COMMIT),
        ([GIT, OTHER], ""),
        ([{"uri": f"{SOURCE}/archive.tar.gz", "digest": {"sha256": "ab" * 32}}], ""),
        ([], ""),
        ("none", ""),
        ([None, 7, GIT], COMMIT),
    ],
)
def test_the_one_repository_among_the_materials_is_the_source(
    materials: object, commit: str
) -> None:
    assert read({"materials": materials}).commit == commit


def test_github_names_the_repository_and_lists_its_commit_among_others() -> None:
    dependency = {"uri": f"git+{SOURCE}@refs/heads/main", "digest": {"gitCommit": COMMIT}}
    found = read(
        v1({"workflow": {"repository": SOURCE, "ref": "refs/heads/main"}}, [OTHER, dependency]),
        Format.SLSA_1,
    )

    assert (found.commit, found.source) == (COMMIT, SOURCE)


def test_a_repository_without_a_commit_is_a_source_all_the_same() -> None:
    found = read(v1({"workflow": {"repository": SOURCE}}), Format.SLSA_1)

    assert (found.commit, found.source) == ("", SOURCE)


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("git@github.com:acme/web.git", SOURCE),
        ("https://user:secret@github.com/acme/web.git#v1", SOURCE),
        ("ssh://git@github.com/acme/web@v1", SOURCE),
        ("pkg:docker/web", ""),
        ("https://github.com/a/../b", ""),
        ("https://github.com/" + "a" * 600, ""),
        ("", ""),
    ],
)
def test_sources_in_all_their_spellings(uri: str, source: str) -> None:
    assert read({"materials": [{"uri": uri, "digest": {"sha1": COMMIT}}]}).source == source


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "invocation",
                    "configSource",
                    "uri",
                    "digest",
                    "sha1",
                    "materials",
                    "metadata",
                    "buildDefinition",
                    "externalParameters",
                    "runDetails",
                    "builder",
                    "id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(
    st.dictionaries(
        st.sampled_from(["materials", "invocation", "buildDefinition", "builder"]), json_values
    ),
    st.sampled_from([Format.SLSA_02, Format.SLSA_1]),
)
def test_nothing_that_is_written_there_ends_in_an_error(
    predicate: dict[str, Any], form: Format
) -> None:
    found = read(predicate, form)

    assert found.builder.isprintable()
    assert not found.commit or len(found.commit) >= 7
