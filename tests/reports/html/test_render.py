"""The file as it is written: whole, valid, and nobody's script but ours."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import DIGEST, config, facts
from tests.reports.findings import HOSTILE, finding
from tests.reports.judged import TAKEN, audit
from tests.reports.shop import shop, trend
from webhook.core.facts import ImageFacts, PlatformImage, Reason, Unknown
from webhook.core.inside import Inside, System
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.core.workload import ImageUse, Role
from webhook.reports.audited import Audit, Audited, Owner, RunningImage
from webhook.reports.html import render_html
from webhook.reports.html.render import MAX_FIRST, MAX_MISSING, MAX_STATIC, page_policy
from webhook.reports.trend import Counts, Day, Trend

VOID = {"meta", "link", "input"}


class Page(HTMLParser):
    """What a browser would see in the file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.unclosed[-1:] not in (["script"], ["style"]):
            self.text += data

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def words(page: Page) -> str:
    return " ".join(page.text.split())


def test_the_page_is_whole_html() -> None:
    page = Page(render_html(shop(), trend()))

    assert page.unclosed == []
    assert "4 of 56 workloads would be refused at their next restart" in words(page)


def test_the_same_audit_gives_the_same_file() -> None:
    assert render_html(shop(), trend()) == render_html(shop(), trend())


def test_what_could_not_be_looked_at_stands_above_everything() -> None:
    told = words(Page(render_html(shop())))

    assert told.index("This picture is not whole") < told.index("would be refused at")
    assert "namespace legacy: not allowed to list Pods there" in told
    assert "This picture is not whole" not in words(Page(render_html(audit())))


def test_a_long_list_of_what_is_missing_is_cut_and_says_so() -> None:
    missing = tuple(f"namespace team-{number}" for number in range(MAX_MISSING + 7))

    assert "and 7 more" in words(Page(render_html(audit(missing=missing))))


def test_what_would_be_refused_comes_before_charts_and_table_with_its_fix() -> None:
    told = words(Page(render_html(shop())))

    first = told.index("Refused at the next restart")
    fix = told.index("Start it with tini or dumb-init")
    assert first < fix < told.index("Images that pass each check") < told.index("All workloads")


def test_where_nothing_is_enforced_what_fails_comes_first() -> None:
    noted = finding(mode=Mode.AUDIT)
    told = words(Page(render_html(audit(owned(noted)))))

    assert "0 of 1 workload would be refused at its next restart" in told
    assert "Nothing would be refused today." in told
    assert told.index("Mend these first") < told.index("All workloads")


def test_where_all_is_well_nothing_is_to_mend() -> None:
    told = words(Page(render_html(audit(owned(finding(Outcome.PASS))))))

    assert "Mend these first" not in told
    assert "Refused at the next restart" not in told


def test_an_empty_cluster_is_a_page_too() -> None:
    page = Page(render_html(audit(cluster=""), Trend()))

    assert "Nothing runs here that names an image" in words(page)
    assert "There is no trend yet" in words(page)
    assert page.unclosed == []


def test_only_what_stands_worst_is_told_in_full_and_the_rest_is_counted() -> None:
    many = [owned(finding(), name=f"web-{number}") for number in range(MAX_STATIC + 20)]

    page = Page(render_html(audit(*many)))

    told = words(page)
    assert f"and {len(many) - MAX_FIRST} more, in the table of workloads" in told
    assert f"The first {MAX_STATIC} of {len(many)}: the script in this file" in told
    assert len([one for one in page.named("tr") if one.get("class") == "owner"]) == MAX_STATIC + 1


def test_a_commit_is_a_link_that_tells_nobody_where_one_came_from() -> None:
    page = Page(render_html(shop()))

    links = [one for one in page.named("a") if one.get("href", "").startswith("http")]
    assert any("/acme/ledger/commit/" in one["href"] for one in links)
    assert {one["rel"] for one in links} == {"noopener noreferrer nofollow"}


def test_images_are_counted_by_system_and_by_age() -> None:
    told = words(Page(render_html(shop())))

    assert "What the images are made of" in told
    assert "Debian GNU/Linux 12 (bookworm) until 2028-06-30" in told
    assert "Alpine Linux v3.20 ended 2026-04-01" in told
    assert "layers not read" in told
    assert "a year or more" in told
    assert "What the images are made of" not in words(Page(render_html(audit())))


def test_the_facts_of_an_image_stand_with_it() -> None:
    told = words(Page(render_html(shop())))

    assert "Stops onSIGTERM" in told
    assert "Known fromfiles in layers" in told
    assert "Known fromimage config" in told


def test_no_trend_is_no_section() -> None:
    assert "Trend" not in words(Page(render_html(shop())))
    assert "Images that fail, by check" in words(Page(render_html(shop(), trend())))


def test_nothing_is_loaded_and_nothing_runs_but_our_script() -> None:
    page = Page(render_html(shop(), trend()))

    assert not {tag for tag, _ in page.tags} & {
        "iframe",
        "img",
        "object",
        "embed",
        "base",
        "form x",
    }
    assert [one.get("type") for one in page.named("script")] == ["application/json", None]
    assert not any("src" in one for one in page.named("script"))
    [policy] = [one["content"] for one in page.named("meta") if "http-equiv" in one]
    assert policy == page_policy()
    assert "frame-ancestors" not in policy  # a meta element must not say it


def owned(*findings: Finding, name: str = "web") -> Audited:
    owner = Owner(api_version="apps/v1", kind="Deployment", namespace="shop", name=name)
    return Audited(owner=owner, pods=2, verdict=Verdict(findings))


@st.composite
def hostile_audits(draw: st.DrawFn) -> tuple[Audit, Trend]:
    """Every text is a stranger's."""

    def text() -> str:
        return draw(HOSTILE)

    def one() -> Audited:
        place = ImageUse(text(), draw(st.sampled_from(Role)), "/0", text(), command=(text(),))
        labels = {
            "org.opencontainers.image.revision": text(),
            "org.opencontainers.image.source": draw(
                st.sampled_from(["javascript:alert(1)", "https://x.example/'\"><script>", text()])
            ),
            "org.opencontainers.image.created": text(),
        }
        settings = config(labels=labels, cmd=(text(),), stop_signal=text())
        inside = Inside(system=System(name=text(), until=text()), source=text())
        looked = PlatformImage(text(), text(), settings, inside)
        either: list[ImageFacts | Unknown] = [
            facts(settings),
            ImageFacts(digest=text(), platforms=(looked,)),
            Unknown(Reason.OFFLINE, text()),
        ]
        known = draw(st.sampled_from(either))
        image = RunningImage(
            use=place, digest=text(), facts=known, running=(text(),), environment=text()
        )
        found = finding(
            draw(st.sampled_from(Outcome)),
            draw(st.sampled_from(Mode)),
            rule=text(),
            policy=text(),
            container=text(),
            pointer=draw(st.sampled_from(["/0", "/1"])),
            image=text(),
            message=text(),
            fix=text(),
            exception=text(),
        )
        owner = Owner(api_version=text(), kind=text(), namespace=text(), name=text())
        return Audited(owner=owner, pods=1, verdict=Verdict((found,)), images=(image,))

    counts = Counts(owners=1, refused=1, images=1, failing={text(): 3})
    days = tuple(Day(date, {text(): counts}) for date in ("2026-11-01", "2026-11-02", text()))
    found = Audit(
        taken=TAKEN,
        audited=tuple(one() for _ in range(draw(st.integers(0, 3)))),
        cluster=text(),
        version=text(),
        missing=(text(),),
    )
    return found, Trend(days)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40, deadline=None)
@given(hostile_audits())
def test_strangers_write_text_and_nothing_else(hostile: tuple[Audit, Trend]) -> None:
    page = Page(render_html(*hostile))

    assert page.unclosed == []
    assert len(page.named("script")) == 2
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        address = attributes.get("href", "#")
        assert address.startswith(("#", "https://", "http://", "data:image/svg+xml,"))


@pytest.mark.parametrize("digest", ["", DIGEST])
def test_an_image_without_a_digest_is_shown(digest: str) -> None:
    image = RunningImage(
        use=ImageUse("app", Role.CONTAINER, "/0", "nginx"),
        digest=digest,
        facts=Unknown(Reason.NOT_CONFIGURED, "no Registry covers it"),
    )
    owner = Owner(api_version="v1", kind="Pod", namespace="", name="bare")
    shown = Audited(owner=owner, pods=1, verdict=Verdict(), images=(image,))

    assert "not-configured: no Registry covers it" in words(Page(render_html(audit(shown))))
