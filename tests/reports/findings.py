"""Builders of findings and results for the tests of the renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from webhook.core.facts import Reason
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.core.workload import Role
from webhook.reports.checked import Checked, CheckResult, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

POINTER = "/spec/containers/0/image"


def finding(
    outcome: Outcome = Outcome.FAIL,
    mode: Mode = Mode.ENFORCE,
    *,
    rule: str = "digest",
    policy: str = "default",
    reason: Reason | None = None,
    container: str = "app",
    role: Role = Role.CONTAINER,
    pointer: str = POINTER,
    image: str = "nginx:1.25",
    message: str = "nginx:1.25 is a tag, and tags move",
    fix: str = "Write nginx@sha256:….",
    exception: str = "",
) -> Finding:
    """A finding that refuses."""
    if outcome is Outcome.UNKNOWN and reason is None:
        reason = Reason.OFFLINE
    return Finding(
        policy=policy,
        rule=rule,
        outcome=outcome,
        reason=reason,
        mode=mode,
        container=container,
        role=role,
        pointer=pointer,
        image=image,
        message=message,
        fix=fix,
        exception=exception,
    )


def checked(
    *findings: Finding,
    kind: str = "Pod",
    namespace: str = "shop",
    name: str = "web",
    file: str = "deploy/web.yaml",
    line: int = 3,
    lines: Mapping[str, int] | None = None,
) -> Checked:
    """An object with these findings; none of them means that no policy covers it."""
    return Checked(Place(kind, namespace, name, file, line), Verdict(findings), lines or {})


def result(*objects: Checked, without_images: int = 0) -> CheckResult:
    """What one run found."""
    return CheckResult(objects, without_images, "0.1.0")


HOSTILE = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text("|<>&\"'`*_[](){}#@:,%=!~\\/ \n\r\t\x1b\x07\x00\x9b\u202e\u2028\ud800a", max_size=40),
    st.sampled_from(
        [
            "\n::set-output name=x::y",
            "]]></failure><failure>",
            "\x1b[2J\x1b]0;owned\x07",
            "a|b\n|---|\n<script>alert(1)</script>",
            "[click](https://evil.example)",
            "@acme/everyone",
        ]
    ),
)
"""Text as a stranger would write it, in names, labels, images and messages."""


@st.composite
def hostile_results(draw: st.DrawFn) -> CheckResult:
    """A result in which every text is hostile."""

    def one() -> Finding:
        return finding(
            draw(st.sampled_from(Outcome)),
            draw(st.sampled_from(Mode)),
            rule=draw(st.sampled_from(["digest", "registry", "provenance", "init", "new"])),
            policy=draw(HOSTILE),
            container=draw(HOSTILE),
            role=draw(st.sampled_from(Role)),
            pointer=draw(HOSTILE),
            image=draw(HOSTILE),
            message=draw(HOSTILE),
            fix=draw(HOSTILE),
        )

    objects = [
        checked(
            *(one() for _ in range(draw(st.integers(0, 2)))),
            kind=draw(HOSTILE),
            namespace=draw(HOSTILE),
            name=draw(HOSTILE),
            file=draw(HOSTILE),
            line=draw(st.integers(0, 99)),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    return result(*objects)
