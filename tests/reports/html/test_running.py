"""What is said of one image in its place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.builders import DIGEST, LABELS, REVISION, config, facts, use
from tests.reports.judged import TAKEN
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.inside import Inside, System
from webhook.core.workload import ImageUse, Role
from webhook.reports.audited import RunningImage
from webhook.reports.html.running import ImageCard, card_of

SOURCE = "org.opencontainers.image.source"
CREATED = "org.opencontainers.image.created"
GITHUB = "https://github.com/acme/web"


def card(
    *configs: ImageConfig, place: ImageUse = use(), known: ImageFacts | Unknown | None = None
) -> ImageCard:
    said = known or facts(*configs)
    running = RunningImage(use=place, digest=DIGEST, facts=said, environment="production")
    return card_of(running, TAKEN)


def test_a_good_image_says_everything() -> None:
    assert card() == ImageCard(
        name=f"registry.example.com/prod/web@{DIGEST}",
        short="registry.example.com/prod/web@sha256:abababababab…",
        commit=REVISION,
        commit_url=f"{GITHUB}/commit/{REVISION}",
        source=GITHUB,
        source_url=GITHUB,
        built="2026-11-20 08:00",
        age="8 days before this audit",
        pid1="init tini: /sbin/tini -- /app",
        stop="SIGTERM",
        registry="registry.example.com/prod/web",
        environment="production",
        sure="image config",
    )


def test_a_build_that_says_something_else_disputes_the_label() -> None:
    known = facts()
    build = Build(voucher=Voucher(Place.INDEX), commit="c3d4e5f6a7b8")
    platforms = (replace(known.platforms[0], build=build),)

    shown = card(known=replace(known, platforms=platforms))

    assert shown.commit == "c3d4e5f6a7b8"
    assert shown.disputed == "the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8"
    assert shown.sure == "image config, commit by the build attested in its index, not signed"


def test_a_tag_tells_what_it_points_to() -> None:
    assert card(place=use("registry.example.com/prod/web:1")).digest == DIGEST


@pytest.mark.parametrize(
    ("source", "link"),
    [
        (GITHUB, f"{GITHUB}/commit/{REVISION}"),
        ("git@github.com:acme/web.git", f"{GITHUB}/commit/{REVISION}"),
        ("https://gitlab.com/a/b/c", f"https://gitlab.com/a/b/c/-/commit/{REVISION}"),
        ("https://git.example.com/acme/web", "https://git.example.com/acme/web"),
        ("https://github.com/acme", "https://github.com/acme"),
        ("http://git.example.com/web?a=b", "http://git.example.com/web"),
        ("git://git.example.com/web", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,<script>alert(1)</script>", ""),
        ("https://git.example.com/%2e%2e/x", ""),
        ('https://git.example.com/"onmouseover="alert(1)', ""),
    ],
)
def test_a_commit_is_linked_to_where_it_is_safe_to_go(source: str, link: str) -> None:
    shown = card(config(labels=LABELS | {SOURCE: source}))

    assert shown.commit == REVISION
    assert shown.commit_url == link
    assert shown.source_url == (link.partition("/commit")[0].removesuffix("/-"))


def test_platforms_of_different_commits_are_linked_to_the_source() -> None:
    other = LABELS | {"org.opencontainers.image.revision": "1234567"}

    shown = card(config(), config(architecture="arm64", labels=other))

    assert shown.commit == f"{REVISION} (not on all platforms)"
    assert shown.commit_url == GITHUB


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (0, "on the day of this audit"),
        (1, "1 day before this audit"),
        (400, "400 days before this audit"),
        (-2, "after this audit"),
    ],
)
def test_the_age_is_that_at_the_audit(days: int, age: str) -> None:
    built = f"{TAKEN - timedelta(days=days, minutes=5):%Y-%m-%dT%H:%M:%SZ}"

    assert card(config(labels=LABELS | {CREATED: built})).age == age


@pytest.mark.parametrize(
    ("place", "pid1"),
    [
        (use(command=("sh", "-c", "run; true")), 'shell form: sh -c "run; true"'),
        (use(args=("--fast",)), "init tini: /sbin/tini -- --fast"),
        (use(role=Role.VOLUME), ""),
        (use(role=Role.INIT), "init tini: /sbin/tini -- /app"),
    ],
)
def test_pid_1_is_what_the_pod_makes_of_it(place: ImageUse, pid1: str) -> None:
    assert card(place=place).pid1 == pid1


def test_the_system_says_until_when_somebody_mends_it() -> None:
    place = use()

    def system(until: str) -> ImageCard:
        inside = Inside(system=System(id="debian", name="Debian 12", until=until), source="layers")
        platform = PlatformImage("linux/amd64", "", config(), inside)
        known = ImageFacts(digest=DIGEST, platforms=(platform,))
        return card(place=place, known=known)

    assert system("2028-06-30").system == "Debian 12, end of life 2028-06-30"
    assert system("2026-11-27").system == "Debian 12, its end of life was 2026-11-27"
    assert system("").system == "Debian 12"
    assert system("").sure == "files in layers"


def test_a_few_platforms_that_were_looked_at_are_named() -> None:
    inside = Inside(system=System(id="debian", name="Debian 12"), source="layers")
    one = PlatformImage("linux/amd64", "", config(), inside)
    other = PlatformImage("linux/s390x", "", config(architecture="s390x"))
    known = ImageFacts(digest=DIGEST, platforms=(one, other))

    assert card(known=known).sure == "files in layers, of linux/amd64 alone"


def test_what_is_not_known_says_why() -> None:
    shown = card(known=Unknown(Reason.UNREACHABLE, "registry.example.com did not answer"))

    assert shown.unknown == "unreachable: registry.example.com did not answer"
    assert (shown.commit, shown.built, shown.pid1) == ("", "", "")
    assert card(known=Unknown(Reason.OFFLINE)).unknown == "offline"


def test_a_name_that_is_no_name_comes_from_nowhere() -> None:
    shown = card(place=use("UPPER/case\x1b[2J"))

    assert shown.registry == ""
    assert shown.name == "UPPER/case\\x1b[2J"
