"""What is known of one image in its place, and how surely."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import DIGEST, LABELS, REVISION, config, use
from tests.reports.judged import TAKEN
from webhook.core.agreement import Agreement
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.inside import Inside, Program, ProgramKind, System
from webhook.core.origin import Origin
from webhook.core.workload import ImageUse, Role
from webhook.reports.audited import RunningImage
from webhook.reports.running import Known, Sure, built_of, known_of

BARE = config(entrypoint=(), cmd=())


def platform(
    settings: ImageConfig | None = None, *, source: str | None = None, until: str = ""
) -> PlatformImage:
    """One platform; its layers were read, or an attestation was, where there is a source."""
    inside = None
    if source is not None:
        missing = Program("/sbin/tini", ProgramKind.MISSING)
        system = System(id="debian", name="Debian 12", until=until)
        inside = Inside(system=system, programs=(missing,), source=source)
    found = settings or config()
    return PlatformImage(found.platform, "", found, inside)


def known(*platforms: PlatformImage, place: ImageUse = use()) -> Known:
    facts = ImageFacts(digest=DIGEST, platforms=platforms)
    return known_of(RunningImage(use=place, digest=DIGEST, facts=facts), TAKEN)


@pytest.mark.parametrize(
    ("platforms", "place", "sure"),
    [
        ([platform(source="layers")], use(), Sure.FILES),
        ([platform(source="")], use(), Sure.FILES),
        ([platform(source="attestation spdx")], use(), Sure.ATTESTED),
        ([platform(source="layers"), platform(source="x")], use(), Sure.ATTESTED),
        ([platform()], use(), Sure.CONFIG),
        ([platform(BARE)], use(command=("/app",)), Sure.CONFIG),
        ([platform(BARE)], use(), Sure.LABELS),
        ([], use(), Sure.UNKNOWN),
    ],
)
def test_how_sure_it_is_says_where_it_comes_from(
    platforms: list[PlatformImage], place: ImageUse, sure: Sure
) -> None:
    assert known(*platforms, place=place).sure is sure


def test_an_attestation_is_named_and_who_stands_behind_it() -> None:
    one = platform(source="sbom")
    assert one.inside is not None
    vouched = msgspec.structs.replace(one.inside, voucher=Voucher(Place.INDEX))

    assert known(one).detail == "sbom"
    found = known(msgspec.structs.replace(one, inside=vouched))
    assert found.sure is Sure.ATTESTED
    assert found.detail == "SBOM in its index, not signed"


OTHER = "c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2"
BUILD = Build(voucher=Voucher(Place.INDEX), commit=OTHER, source="https://github.com/acme/web")


def test_the_commit_of_an_attested_build_stands_before_the_label() -> None:
    found = known(msgspec.structs.replace(platform(source="layers"), build=BUILD))

    assert (found.commit, found.commit_from) == (OTHER, Origin.BUILD)
    assert found.commit_url == f"https://github.com/acme/web/commit/{OTHER}"
    assert (found.source_from, found.built_from) == (Origin.BUILD, Origin.LABEL)
    assert found.detail == "commit, source by the build attested in its index, not signed"
    assert found.agreement is Agreement.DISAGREES
    assert found.differences == (
        "the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…"
    )


@pytest.mark.parametrize(
    ("voucher", "commit", "detail", "whose"),
    [
        (Voucher(Place.REFERRER), REVISION, "", " (its attestation: attached to it, not signed)"),
        (
            Voucher(Place.TAG, signed=True, signers=("sha256:" + "ab" * 32,)),
            OTHER,
            "under a tag of its digest, signed by sha256:abababababab…",
            "",
        ),
    ],
)
def test_what_anybody_may_attach_stands_behind_the_label(
    voucher: Voucher, commit: str, detail: str, whose: str
) -> None:
    build = msgspec.structs.replace(BUILD, voucher=voucher)
    found = known(msgspec.structs.replace(platform(), build=build))

    assert found.commit == commit
    assert detail in found.detail
    assert found.differences == (
        f"the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…{whose}"
    )


def test_annotations_answer_what_labels_do_not() -> None:
    notes = tuple(sorted(LABELS.items()))
    bare = platform(config(labels={"org.opencontainers.image.source": "https://github.com/a/b"}))

    found = known(msgspec.structs.replace(bare, annotations=notes))

    assert (found.commit, found.commit_from) == (REVISION, Origin.ANNOTATION)
    assert (found.application, found.source_from) == ("a/b", Origin.LABEL)
    assert found.detail == "commit, built by annotations"
    assert found.differences == (
        "the label says source https://github.com/a/b, the annotation says "
        "https://github.com/acme/web"
    )


def test_a_build_with_changes_says_so() -> None:
    build = msgspec.structs.replace(BUILD, dirty=True)
    found = known(msgspec.structs.replace(platform(config(labels={})), build=build))

    assert found.detail.endswith("not signed, with changes that are in no commit")


def test_what_layers_hold_says_more_of_pid_1_than_what_a_config_names() -> None:
    other = platform(config(architecture="s390x"))

    found = known(platform(source="layers"), other)

    assert found.pid1 == "none, tini cannot be started: /sbin/tini -- /app"
    assert found.detail == "of linux/amd64 alone"
    assert known(other).pid1 == "init tini: /sbin/tini -- /app"


@pytest.mark.parametrize(("until", "ended"), [("2026-11-28", False), ("2026-11-27", True)])
def test_a_system_ends_after_its_last_day(until: str, *, ended: bool) -> None:
    found = known(platform(source="layers", until=until))

    assert (found.system, found.until, found.ended) == ("Debian 12", until, ended)
    assert not known(platform(source="layers")).ended


@pytest.mark.parametrize(
    ("signal", "place", "stop"),
    [
        ("", use(), "SIGTERM"),
        ("SIGQUIT", use(), "SIGQUIT"),
        ("SIGQUIT", msgspec.structs.replace(use(), stop_signal="SIGINT"), "SIGINT"),
        ("SIG\x1b[2J", use(), "SIG\\x1b[2J"),
        ("SIGQUIT", use(role=Role.VOLUME), ""),
    ],
)
def test_the_stop_signal_is_that_of_the_pod_the_image_or_the_runtime(
    signal: str, place: ImageUse, stop: str
) -> None:
    assert known(platform(config(stop_signal=signal)), place=place).stop == stop


def test_windows_has_no_stop_signal() -> None:
    assert known(platform(config(os="windows"))).stop == ""


def test_the_application_is_the_path_of_its_source() -> None:
    assert known(platform()).application == "acme/web"
    assert known(platform(config(labels={}))).application == ""


def test_nothing_is_guessed_of_what_is_not_known() -> None:
    why = Unknown(Reason.NOT_FOUND, "not recorded yet")
    found = known_of(RunningImage(use=use(), digest=DIGEST, facts=why), TAKEN)

    assert found.sure is Sure.UNKNOWN
    assert found.unknown == "not-found: not recorded yet"
    said = (found.application, found.commit, found.built, found.pid1, found.stop, found.system)
    assert said == ("",) * 6
    assert found.days is None


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ("2026-11-20T08:00:00Z", ("2026-11-20 08:00", 8)),
        ("2026-11-20T08:00Z", ("2026-11-20 08:00", 8)),
        ("2026-12-20T08:00:00Z", ("2026-12-20 08:00", -22)),
        ("yesterday", ("yesterday", None)),
        ("", ("", None)),
    ],
)
def test_a_build_date_has_an_age(text: str, built: tuple[str, int | None]) -> None:
    assert built_of(text, TAKEN) == built
