"""What `cocket image` prints."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DIGEST
from tests.reports.findings import HOSTILE
from webhook.core.agreement import Agreement
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.origin import Origin, Stated
from webhook.reports.images import (
    MAX_LABELS_SHOWN,
    ImageReport,
    PlatformReport,
    Says,
    image_json,
    image_table,
)

NAME = ImageRef.parse("nginx:1.25")
AMD64 = PlatformReport(
    platform="linux/amd64",
    digest=DIGEST,
    labels=(("a", "1"),),
    annotations=(("c", "3"),),
    commit=Stated("4f9d6c1", Origin.LABEL),
    source=Stated("https://github.com/acme/web", Origin.ANNOTATION),
    created=Stated("2026-11-20T08:00:00Z", Origin.LABEL),
    entrypoint=("/sbin/tini", "--"),
    cmd=("/app",),
    pid1="/sbin/tini, an init",
    stop_signal="SIGQUIT",
    stops="stops it",
)
ARM64 = PlatformReport(
    platform="linux/arm64",
    digest="",
    labels=(("b", "2"),),
    commit=Stated("4f9d6c1", Origin.LABEL),
)


def test_a_name_has_four_parts_and_those_it_lacks_are_null() -> None:
    assert json.loads(image_json(ImageReport("nginx", ImageRef.parse("nginx")))) == {
        "input": "nginx",
        "registry": "docker.io",
        "repository": "library/nginx",
        "tag": None,
        "digest": None,
    }


def test_what_is_no_name_has_an_error_and_no_parts() -> None:
    report = ImageReport("NGINX", "'NGINX' is no repository name")

    assert json.loads(image_json(report)) == {
        "input": "NGINX",
        "error": "'NGINX' is no repository name",
    }
    assert not report.good
    assert image_table(report) == "NGINX\n  error       'NGINX' is no repository name\n"


def test_what_the_registry_says_stands_beside_the_name() -> None:
    document = json.loads(
        image_json(ImageReport("nginx:1.25", NAME, Says(DIGEST, "hub", (AMD64, ARM64))))
    )

    assert document["tag"] == "1.25"
    assert document["now"] == DIGEST
    assert document["platforms"] == [
        {
            "platform": "linux/amd64",
            "digest": DIGEST,
            "labels": {"a": "1"},
            "annotations": {"c": "3"},
            "commit": "4f9d6c1",
            "commitFrom": "label",
            "source": "https://github.com/acme/web",
            "sourceFrom": "annotation",
            "created": "2026-11-20T08:00:00Z",
            "createdFrom": "label",
            "differences": [],
            "entrypoint": ["/sbin/tini", "--"],
            "cmd": ["/app"],
            "pid1": "/sbin/tini, an init",
            "stopSignal": "SIGQUIT",
            "stops": "stops it",
        },
        {
            "platform": "linux/arm64",
            "digest": None,
            "labels": {"b": "2"},
            "annotations": {},
            "commit": "4f9d6c1",
            "commitFrom": "label",
            "source": None,
            "sourceFrom": None,
            "created": None,
            "createdFrom": None,
            "differences": [],
            "entrypoint": [],
            "cmd": [],
            "pid1": "",
            "stopSignal": None,
            "stops": None,
        },
    ]


def test_what_could_not_be_looked_up_says_why() -> None:
    report = ImageReport("nginx:1.25", NAME, Unknown(Reason.NOT_FOUND, "no such tag"))

    assert json.loads(image_json(report))["unknown"] == {
        "reason": "not-found",
        "detail": "no such tag",
    }
    assert "  unknown     not-found: no such tag\n" in image_table(report)
    assert not report.good


def test_the_table_says_once_what_all_platforms_share() -> None:
    text = image_table(ImageReport("nginx:1.25", NAME, Says(DIGEST, "hub", (AMD64, ARM64))))

    assert text.splitlines() == [
        "nginx:1.25",
        "  registry    docker.io",
        "  repository  library/nginx",
        "  tag         1.25",
        f"  now         {DIGEST}",
        "  platforms   linux/amd64, linux/arm64",
        "  commit      4f9d6c1",
        "  source      https://github.com/acme/web  (by an annotation)  (linux/amd64)",
        "  source      (none)  (linux/arm64)",
        "  built       2026-11-20T08:00:00Z  (linux/amd64)",
        "  built       (none)  (linux/arm64)",
        '  entrypoint  ["/sbin/tini","--"]  (linux/amd64)',
        "  entrypoint  (none)  (linux/arm64)",
        '  cmd         ["/app"]  (linux/amd64)',
        "  cmd         (none)  (linux/arm64)",
        "  PID 1       /sbin/tini, an init  (linux/amd64)",
        "  PID 1       (none)  (linux/arm64)",
        "  stop signal SIGQUIT stops it  (linux/amd64)",
        "  stop signal (none)  (linux/arm64)",
        "  label       a=1  (linux/amd64)",
        "  label       b=2  (linux/arm64)",
        "  annotation  c=3  (linux/amd64)",
    ]


def test_what_else_is_said_is_told_once() -> None:
    one = PlatformReport(
        platform="linux/amd64",
        digest=DIGEST,
        commit=Stated("c3d4e5f", Origin.BUILD),
        build=Build(voucher=Voucher(Place.INDEX), commit="c3d4e5f"),
        agreement=Agreement.DISAGREES,
        disagreements=("the label says commit 4f9d6c1, the build says c3d4e5f",),
        differences=(
            "the label says commit 4f9d6c1, the build says c3d4e5f",
            "the label says commit 4f9d6c1, the annotation says 1234567",
        ),
    )

    lines = image_table(ImageReport("x", NAME, Says(DIGEST, "hub", (one,)))).splitlines()

    assert "  commit      c3d4e5f  (by the build)" in lines
    assert [line for line in lines if "says commit" in line] == [
        "  agreement   the label says commit 4f9d6c1, the build says c3d4e5f",
        "  disputed    the label says commit 4f9d6c1, the annotation says 1234567",
    ]


def test_a_name_without_tag_and_digest_says_what_a_runtime_takes() -> None:
    assert "latest" in image_table(ImageReport("nginx", ImageRef.parse("nginx")))


def test_a_name_with_a_digest_shows_it() -> None:
    text = image_table(ImageReport("x", ImageRef.parse(f"nginx@{DIGEST}"), Says("", "file", ())))

    assert f"  digest      {DIGEST}\n" in text
    assert "  now         (not told)\n" in text


def test_a_thousand_labels_do_not_flood_the_screen() -> None:
    labels = tuple((f"l{number}", "x") for number in range(1000))
    report = ImageReport(
        "x", NAME, Says(DIGEST, "hub", (PlatformReport(platform="p", digest="", labels=labels),))
    )

    assert image_table(report).count("  label ") == MAX_LABELS_SHOWN + 1
    assert "(and 950 more; -o json shows all)" in image_table(report)
    assert len(json.loads(image_json(report))["platforms"][0]["labels"]) == 1000


@given(st.lists(HOSTILE, min_size=9, max_size=9))
def test_strangers_write_no_lines_and_move_no_cursor(texts: list[str]) -> None:
    one = PlatformReport(
        platform=texts[0],
        digest=texts[1],
        labels=((texts[2], texts[3]),),
        annotations=((texts[4], texts[3]),),
        commit=Stated(texts[4], Origin.BUILD),
        differences=(texts[4],),
        entrypoint=(texts[5],),
        cmd=(texts[6],),
        pid1=texts[7],
    )
    report = ImageReport(texts[8], NAME, Says(DIGEST, "hub", (one,)))

    assert all(line.isprintable() for line in image_table(report).split("\n"))
    assert len(image_table(report).split("\n")) == 17
    assert image_json(report).isprintable()
