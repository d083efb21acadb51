"""The columns of `cocket running`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.builders import DIGEST, LABELS, REVISION, config, use
from tests.reports.judged import audit
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.inside import Inside, System
from webhook.core.verdict import Verdict
from webhook.core.workload import ImageUse, Role
from webhook.reports.audited import Audit, Audited, Owner, RunningImage
from webhook.reports.running_table import Cell, Tone, aligned, running_rows, unknown_line

if TYPE_CHECKING:
    from collections.abc import Sequence

CREATED = "org.opencontainers.image.created"
SOURCE = "org.opencontainers.image.source"
WHY = Unknown(Reason.NOT_FOUND, "not recorded yet: no operator")


def image(
    *,
    until: str = "2028-06-30",
    labels: dict[str, str] | None = None,
    place: ImageUse = use(),
    inside: bool = True,
) -> RunningImage:
    system = System(id="debian", name="Debian 12", until=until)
    found = PlatformImage(
        "linux/amd64",
        "",
        config(labels=LABELS | (labels or {})),
        Inside(system=system, source="layers") if inside else None,
    )
    return RunningImage(
        use=place, digest=DIGEST, facts=ImageFacts(digest=DIGEST, platforms=(found,))
    )


def looked(*images: RunningImage) -> Audit:
    owner = Owner(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")
    return audit(Audited(owner=owner, pods=2, verdict=Verdict(), images=images))


def cells(one: RunningImage, *, wide: bool = False) -> dict[str, Cell]:
    head, row = running_rows(looked(one), namespaces=True, wide=wide)
    return dict(zip((cell.text for cell in head), row, strict=True))


def texts(found: dict[str, Cell]) -> dict[str, str]:
    return {name: cell.text for name, cell in found.items()}


def test_a_container_is_one_line() -> None:
    assert texts(cells(image())) == {
        "NAMESPACE": "shop",
        "WORKLOAD": "Deployment/web",
        "CONTAINER": "app",
        "IMAGE": "registry.example.com/prod/web@sha256:abababababab…",
        "OS": "Debian 12, until 2028-06-30",
        "APPLICATION": "acme/web",
        "COMMIT": REVISION[:12],
        "BUILT": "2026-11-20, 8 days ago",
        "PID 1": "init tini: /sbin/tini -- /app",
        "STOP": "SIGTERM",
        "HOW SURE": "files in layers",
    }


def test_a_wide_line_cuts_nothing_and_says_more() -> None:
    found = texts(cells(image(), wide=True))

    assert found["IMAGE"] == f"registry.example.com/prod/web@{DIGEST}"
    assert found["COMMIT"] == REVISION
    assert found["LINK"] == f"https://github.com/acme/web/commit/{REVISION}"
    assert (found["PODS"], found["DIGEST"]) == ("2", DIGEST)


def test_a_commit_leads_to_its_source() -> None:
    found = cells(image())

    assert found["COMMIT"].link == f"https://github.com/acme/web/commit/{REVISION}"
    assert found["APPLICATION"].link == "https://github.com/acme/web"
    assert cells(image(labels={SOURCE: "git://git.example.com/web"}))["COMMIT"].link == ""


def test_an_image_without_facts_says_why_and_nothing_else() -> None:
    unknown = RunningImage(use=use("web:1"), digest="", facts=WHY)
    found = cells(unknown, wide=True)

    assert found["HOW SURE"] == Cell("unknown: not recorded yet: no operator", Tone.BAD)
    said = {name: text for name, text in texts(found).items() if text != "-"}
    assert set(said) == {"NAMESPACE", "WORKLOAD", "CONTAINER", "IMAGE", "HOW SURE", "PODS"}
    assert unknown_line(looked(image(), unknown)) == "1 of 2 containers not known"
    assert unknown_line(looked(image())) == ""


@pytest.mark.parametrize(
    ("one", "column", "cell"),
    [
        (image(until="2020-01-01"), "OS", Cell("Debian 12, ended 2020-01-01", Tone.BAD)),
        (image(until=""), "OS", Cell("Debian 12")),
        (image(inside=False), "OS", Cell("-", Tone.WEAK)),
        (image(inside=False), "HOW SURE", Cell("image config", Tone.WEAK)),
        (image(labels={CREATED: "2026-11-28T07:00:00Z"}), "BUILT", Cell("2026-11-28, today")),
        (
            image(labels={CREATED: "2027-11-28T07:00:00Z"}),
            "BUILT",
            Cell("2027-11-28, in the future"),
        ),
        (image(place=use(role=Role.SIDECAR)), "CONTAINER", Cell("app (sidecar)")),
        (image(place=use(container="\x1b[2J")), "CONTAINER", Cell("\\x1b[2J")),
        (
            image(place=use(args=("x" * 100,))),
            "PID 1",
            Cell(f"init tini: /sbin/tini -- {'x' * 22}…"),
        ),
    ],
)
def test_a_cell_says_what_there_is(one: RunningImage, column: str, cell: Cell) -> None:
    assert cells(one)[column] == cell


def test_commits_that_differ_say_so() -> None:
    one = image()
    assert isinstance(one.facts, ImageFacts)
    [first] = one.facts.platforms
    other = config(architecture="arm64", labels=LABELS | {f"{CREATED[:-7]}revision": "1234567"})
    both = (first, PlatformImage("linux/arm64", "", other))
    facts = msgspec.structs.replace(one.facts, platforms=both)

    commit = cells(msgspec.structs.replace(one, facts=facts))["COMMIT"]

    assert commit.text == f"{REVISION} (not on all platforms)"


def test_a_commit_of_which_something_else_is_said_is_disputed() -> None:
    one = image()
    assert isinstance(one.facts, ImageFacts)
    [first] = one.facts.platforms
    build = Build(voucher=Voucher(Place.INDEX), commit="c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2")
    facts = ImageFacts(digest=DIGEST, platforms=(msgspec.structs.replace(first, build=build),))

    found = cells(msgspec.structs.replace(one, facts=facts))

    assert (found["COMMIT"].text, found["COMMIT"].tone) == ("c3d4e5f6a7b8 (disputed)", Tone.BAD)
    assert found["COMMIT"].link.endswith(f"/commit/{build.commit}")
    assert found["HOW SURE"] == Cell(
        "files in layers (commit by the build attested in its index, not signed); the label says "
        "commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…",
        Tone.BAD,
    )


def test_columns_stand_below_each_other() -> None:
    rows: Sequence[tuple[Cell, ...]] = [(Cell("A"), Cell("B")), (Cell("long"), Cell("x"))]

    found = ["".join(cell.text for cell in row) for row in aligned(rows)]

    assert found == ["A     B  ", "long  x  "]
    assert list(aligned([])) == []
