"""Who answers: an attested build, labels or annotations."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.builders import LABELS, REVISION, config, facts
from webhook.core.agreement import Agreement
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import PlatformImage, Reason, Unknown
from webhook.core.origin import Origin, Stated, answers_of

REV = "org.opencontainers.image.revision"
SOURCE = "org.opencontainers.image.source"
WEB = "https://github.com/acme/web"
OTHER = "c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2"
THIRD = "1234567890abcdef1234567890abcdef12345678"
INDEX = Voucher(Place.INDEX)
LOOSE = Voucher(Place.REFERRER)
SIGNED = Voucher(Place.REFERRER, signed=True, signers=("sha256:" + "ab" * 32,))


def image(label: str = "", note: str = "", build: Build | Unknown | None = None) -> PlatformImage:
    (one,) = facts(config(labels={REV: label} if label else {})).platforms
    return replace(one, annotations=((REV, note),) if note else (), build=build)


def built(
    commit: str = OTHER, voucher: Voucher | None = INDEX, source: str = "", *, dirty: bool = False
) -> Build:
    return Build(voucher=voucher, commit=commit, source=source, dirty=dirty)


@pytest.mark.parametrize(
    ("one", "commit", "origin"),
    [
        pytest.param(image(), "", None, id="nobody"),
        pytest.param(image(REVISION), REVISION, Origin.LABEL, id="a label"),
        pytest.param(image("", THIRD), THIRD, Origin.ANNOTATION, id="an annotation"),
        pytest.param(image(REVISION, THIRD), REVISION, Origin.LABEL, id="label before annotation"),
        pytest.param(image(REVISION, THIRD, built()), OTHER, Origin.BUILD, id="build before both"),
        pytest.param(image(REVISION, "", built(voucher=SIGNED)), OTHER, Origin.BUILD, id="signed"),
        pytest.param(
            image(REVISION, "", built(voucher=LOOSE)), REVISION, Origin.LABEL, id="anybody's build"
        ),
        pytest.param(
            image("", THIRD, built(voucher=LOOSE)), THIRD, Origin.ANNOTATION, id="and annotation"
        ),
        pytest.param(
            image("", "", built(voucher=LOOSE)), OTHER, Origin.BUILD, id="anybody's build alone"
        ),
        pytest.param(
            image(REVISION, "", built(voucher=None)), REVISION, Origin.LABEL, id="bad attestation"
        ),
        pytest.param(image(REVISION, "", built("")), REVISION, Origin.LABEL, id="no commit in it"),
        pytest.param(
            image(REVISION, "", Unknown(Reason.UNREACHABLE)), REVISION, Origin.LABEL, id="unknown"
        ),
        pytest.param(
            image(REVISION, "", built(REVISION[:7])), REVISION, Origin.BUILD, id="short and full"
        ),
    ],
)
def test_the_surest_answers(one: PlatformImage, commit: str, origin: Origin | None) -> None:
    assert answers_of(one).commit == Stated(commit, origin)


def test_source_and_build_date_have_an_origin_of_their_own() -> None:
    (one,) = facts(config(labels={REV: REVISION})).platforms
    notes = tuple(sorted((LABELS | {SOURCE: f"{WEB}.git"}).items()))

    found = answers_of(replace(one, annotations=notes, build=built(REVISION, source=WEB)))
    without = answers_of(replace(one, annotations=notes))

    assert (found.source.value, found.source.origin) == (WEB, Origin.BUILD)
    assert (without.source.value, without.source.origin) == (WEB, Origin.ANNOTATION)
    assert str(without.source.url) == WEB
    assert found.built == without.built == Stated("2026-11-20T08:00:00Z", Origin.ANNOTATION)
    assert (found.voucher, without.voucher) == (INDEX, None)


@pytest.mark.parametrize(
    ("one", "agreement"),
    [
        (image(REVISION, "", built(REVISION)), Agreement.AGREES),
        (image(REVISION, "", built()), Agreement.DISAGREES),
        (image("", REVISION, built(REVISION)), Agreement.UNTOLD),
        (image(REVISION, "", built(voucher=None)), None),
        (image(REVISION), None),
    ],
)
def test_agreement_is_of_labels_and_build(one: PlatformImage, agreement: Agreement | None) -> None:
    assert answers_of(one).agreement is agreement


@pytest.mark.parametrize(
    ("one", "clauses"),
    [
        (image(REVISION, REVISION[:7], built(REVISION)), ()),
        (
            image(REVISION, THIRD),
            ("the label says commit 4f9d6c1e2b3a…, the annotation says 1234567890ab…",),
        ),
        (
            image("", THIRD, built()),
            ("the annotation says commit 1234567890ab…, the build says c3d4e5f6a7b8…",),
        ),
        (
            image(REVISION, REVISION, built()),
            ("the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…",),
        ),
        (
            image(REVISION, THIRD, built()),
            (
                "the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…",
                "the label says commit 4f9d6c1e2b3a…, the annotation says 1234567890ab…",
            ),
        ),
    ],
)
def test_what_is_said_differently_is_told_whoever_answers(
    one: PlatformImage, clauses: tuple[str, ...]
) -> None:
    assert answers_of(one).differences == clauses


def test_sources_are_compared_alike() -> None:
    (one,) = facts(config(labels={SOURCE: WEB})).platforms
    evil = "https://github.com/evil/web"
    noted = replace(one, annotations=((SOURCE, evil),))
    same = replace(one, annotations=((SOURCE, "git@github.com:acme/web.git"),))

    assert answers_of(noted).differences == (
        f"the label says source {WEB}, the annotation says {evil}",
    )
    assert answers_of(same).differences == ()


def test_changes_that_are_in_no_commit_are_told_of_the_build_that_answers() -> None:
    assert answers_of(image("", "", built(dirty=True))).dirty
    assert not answers_of(image(REVISION, "", built(voucher=LOOSE, dirty=True))).dirty
