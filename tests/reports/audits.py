"""Builders of audits for the tests of what is made of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.builders import DIGEST, NOW, facts, use
from tests.reports.findings import HOSTILE, finding
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.core.workload import Role
from webhook.reports.audited import Audit, Audited, Owner, RunningImage

if TYPE_CHECKING:
    from webhook.core.facts import ImageFacts, Unknown

UID = "5f3a8e0c-1111-4222-8333-944445555666"


def owner(
    name: str = "web",
    namespace: str = "shop",
    *,
    kind: str = "Deployment",
    api_version: str = "apps/v1",
    uid: str = UID,
) -> Owner:
    """A Deployment that is there."""
    return Owner(api_version=api_version, kind=kind, namespace=namespace, name=name, uid=uid)


def running(
    image: str = "nginx:1.25",
    *,
    container: str = "app",
    known: ImageFacts | Unknown | None = None,
    environment: str = "production",
) -> RunningImage:
    """The image that findings of `finding()` are about."""
    return RunningImage(
        use=use(image, container=container),
        digest=DIGEST,
        facts=known or facts(),
        running=(DIGEST,),
        environment=environment,
    )


def audited(
    *findings: Finding,
    of: Owner | None = None,
    images: tuple[RunningImage, ...] = (),
    pods: int = 2,
) -> Audited:
    """An owner with these findings; none of them means that no policy covers it."""
    return Audited(owner=of or owner(), pods=pods, verdict=Verdict(findings), images=images)


def audit(*found: Audited, taken: datetime = NOW, missing: tuple[str, ...] = ()) -> Audit:
    """One look."""
    return Audit(taken=taken, audited=found, missing=missing)


@st.composite
def hostile_audited(draw: st.DrawFn) -> Audited:
    """An owner in which every text is hostile."""

    def one() -> Finding:
        return finding(
            draw(st.sampled_from(Outcome)),
            draw(st.sampled_from(Mode)),
            rule=draw(st.sampled_from(["digest", "init", "drifted", "new"])),
            policy=draw(HOSTILE),
            container=draw(st.sampled_from(["app", "b"]) | HOSTILE),
            role=draw(st.sampled_from(Role)),
            pointer=draw(HOSTILE),
            image=draw(st.sampled_from(["nginx:1.25"]) | HOSTILE),
            message=draw(HOSTILE),
            fix=draw(HOSTILE),
            exception=draw(st.just("") | HOSTILE),
        )

    return audited(
        *(one() for _ in range(draw(st.integers(1, 5)))),
        of=Owner(
            api_version=draw(HOSTILE),
            kind=draw(HOSTILE),
            namespace=draw(HOSTILE),
            name=draw(HOSTILE),
            uid=draw(st.just("") | st.just(UID)),
        ),
        images=(running(environment=draw(HOSTILE)),),
    )
