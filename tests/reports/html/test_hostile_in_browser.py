"""Whatever strangers write on labels and names, the page shows it as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.builders import config
from tests.reports.findings import finding
from tests.reports.judged import audit
from webhook.core.facts import ImageFacts, PlatformImage
from webhook.core.inside import Inside, System
from webhook.core.verdict import Verdict
from webhook.core.workload import ImageUse, Role
from webhook.reports.audited import Audited, Owner, RunningImage
from webhook.reports.trend import Counts, Day, Trend

if TYPE_CHECKING:
    from tests.reports.html.browsing import Reader
    from webhook.reports.audited import Audit

SCRIPTS = (
    "<script>window.owned = 1</script>",
    "</script><script>window.owned = 1</script>",
    "<img src=x onerror='window.owned = 1'>",
    '"><svg onload="window.owned = 1">',
    "' onmouseover='window.owned = 1",
    "<!--<script>",
    "]]><script>window.owned = 1</script>",
    "{{ 7 * 7 }}{% for x in y %}",
    "javascript:window.owned=1",
    "</style><style>*{display:none}</style>",
    "</title><base href=https://evil.example/>",
    "<iframe srcdoc='<script>parent.owned = 1</script>'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<form action=https://evil.example/><button>x",
    "__proto__",
    "constructor",
)


def owned_by(text: str, number: int) -> Audited:
    """An owner of which every text is this one."""
    place = ImageUse(text, Role.CONTAINER, "/0", text)
    labels = {
        "org.opencontainers.image.revision": text,
        "org.opencontainers.image.source": text,
        "org.opencontainers.image.created": text,
        text: text,
    }
    settings = config(labels=labels, entrypoint=(text,), cmd=(text,), stop_signal=text)
    system = System(id=text, name=text, version=text, variant=text, until=text)
    inside = Inside(system=system, source=text)
    platform = PlatformImage(text, text, settings, inside)
    image = RunningImage(
        use=place,
        digest=text,
        facts=ImageFacts(digest=text, platforms=(platform,)),
        running=(f"{text}2",),
        environment=text,
    )
    found = finding(
        rule=text, policy=text, container=text, pointer="/0", image=text, message=text, fix=text
    )
    owner = Owner(api_version=text, kind=text, namespace=text, name=f"{text}{number}")
    return Audited(owner=owner, pods=1, verdict=Verdict((found,)), images=(image,))


def hostile() -> tuple[Audit, Trend]:
    owners = [owned_by(text, number) for number, text in enumerate(SCRIPTS)]
    counts = {text: Counts(owners=1, refused=2, images=3, failing={text: 4}) for text in SCRIPTS}
    days = tuple(Day(f"2026-11-0{number}", counts) for number in (1, 2))
    return audit(*owners, missing=SCRIPTS, cluster=SCRIPTS[1]), Trend(days)


def test_every_text_stays_text_folded_unfolded_filtered_and_sorted(reader: Reader) -> None:
    page = reader.open(reader.write(*hostile()))

    expect(page.locator("#owners tr.owner")).to_have_count(len(SCRIPTS))
    for button in page.locator("#owners .open").all():
        button.click()
    for text in SCRIPTS:
        page.get_by_role("searchbox").fill(text)
        page.locator("#namespace").select_option(text)
        page.locator("#rule").select_option(text)
        expect(page.locator("#owners tr.owner")).to_have_count(1)
        assert text in page.locator("#owners tr.owner th").inner_text()
        page.locator("#owners .open").click()
        page.get_by_role("button", name="Clear").click()
    for head in page.locator("#owners thead button").all():
        head.click()

    assert page.evaluate("window.owned") is None
    assert page.locator("script").count() == 2
    assert page.locator("iframe, img, base, object, embed, style:not(head > style)").count() == 0
    assert page.locator("form").count() == 1
    assert page.evaluate("""[...document.querySelectorAll("*")].every((one) =>
        [...one.attributes].every(({ name, value }) =>
            !name.startsWith("on") && name !== "style" && !/^\\s*javascript:/i.test(value)
            || ["value", "title", "data-namespace"].includes(name)))""")


def test_a_link_that_is_put_in_later_cannot_run_either(reader: Reader) -> None:
    page = reader.open(reader.write(*hostile()))

    # As if a hole in the page let markup in: the policy still stands before it.
    refused = page.evaluate("""() => {
        try { document.body.innerHTML = "<img src=x onerror='window.owned = 1'>"; }
        catch (error) { return error.name; }
        return "taken";
    }""")
    page.evaluate("""() => {
        const script = document.createElement("script");
        try { script.textContent = "window.owned = 1"; document.body.append(script); } catch { }
    }""")

    assert refused == "TypeError"
    assert page.evaluate("window.owned") is None
    assert reader.complaints
    assert all("Content Security Policy" in one or "TrustedHTML" in one or "TrustedScript" in one
               for one in reader.complaints)  # fmt: skip
    reader.complaints.clear()
