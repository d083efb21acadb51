"""A cluster of a shop, with everything that an audit can say of an owner, and how it went."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from tests.reports.judged import MODES, TAKEN, Sample, audit, audited, digest_of, pinned, policy
from webhook.core.exception import ImageException, ImagePattern
from webhook.core.inside import System
from webhook.core.verdict import Mode
from webhook.reports.audited import Audit, Audited
from webhook.reports.trend import Counts, Day, Trend

EXCUSE = ImageException(
    name="shop/old-search",
    rules=frozenset({"init", "digest"}),
    namespaces=frozenset({"shop"}),
    reason="replaced in January, SHOP-311",
    requested_by="kim",
    expires=TAKEN + timedelta(days=40),
    image=ImagePattern(host="docker.io", segments=("acme", "suggest")),
)
SYSTEMS = (
    System(id="debian", name="Debian GNU/Linux 12 (bookworm)", until="2028-06-30"),
    System(id="alpine", name="Alpine Linux v3.20", until="2026-04-01"),
    System(id="debian", name="Debian GNU/Linux 12, distroless", until="2028-06-30"),
    System(),
    System(id="ubuntu", name="Ubuntu 24.04.1 LTS", until="2029-05-31"),
)
_PLAIN = policy(Mode.ENFORCE, "production")
NAMES_AND_INITS = (msgspec.structs.replace(_PLAIN, rules=(_PLAIN.rules[0], _PLAIN.rules[3])),)


def shop() -> Audit:
    """The whole cluster."""
    found = [*_special()]
    for number in range(46):
        name = ("api", "worker", "mailer", "images", "auth", "stock", "prices", "feed")[number % 8]
        namespace = ("shop", "search", "monitoring", "platform", "data", "payments")[number % 6]
        image = pinned(f"{name}-{number % 11}")
        if number % 7 == 3 and namespace not in MODES:
            image = f"registry.example.com/prod/{name}:{number % 3}.{number % 5}"
        system = SYSTEMS[number % 11 % len(SYSTEMS)]
        sample = Sample(
            image=image,
            days=3 + number * number // 4,
            source=f"https://github.com/acme/{name}",
            system=system,
        )
        if number % 9 == 4 and MODES.get(namespace) is not Mode.ENFORCE:
            sample = msgspec.structs.replace(
                sample, image=pinned(f"{name}-plain"), entrypoint=(), cmd=(f"/{name}",)
            )
        kind = "Deployment" if number % 5 else "StatefulSet"
        found.append(audited(kind, namespace, f"{name}-{number % 11}", sample, pods=1 + number % 4))
    return audit(
        *found,
        missing=(
            "namespace legacy: not allowed to list Pods there; give it to the user that audits.",
        ),
    )


def trend(days: int = 42) -> Trend:
    """How the shop went: fewer and fewer images fail, with a weekend's relapse."""
    first = date(2026, 10, 18)
    found = []
    for number in range(days):
        rest = days - number + (6 if number in {20, 21, 22} else 0)
        counts = Counts(
            owners=50 + number // 8,
            refused=max(4, rest // 3),
            images=60 + number // 6,
            failing={
                "digest": 9 + rest // 2,
                "registry": 5 + rest // 4,
                "provenance": 2 + rest * 3 // 5,
                "init": 8 + rest // 5,
            },
        )
        day = (first + timedelta(days=number)).isoformat()
        found.append(Day(day, {"shop": counts}))
    return Trend(tuple(found))


def _special() -> list[Audited]:
    return [
        audited(
            "Deployment",
            "shop",
            "web",
            Sample(image="registry.example.com/preprod/web:1.1"),
            pods=6,
        ),
        audited(
            "Deployment",
            "shop",
            "cart",
            Sample(image=pinned("cart"), source="https://gitlab.com/acme/cart"),
            Sample(image=pinned("envoy"), cmd=("envoy", "-c", "/etc/envoy.yaml"), name="proxy"),
            pods=4,
        ),
        audited(
            "StatefulSet",
            "payments",
            "ledger",
            Sample(
                image=pinned("ledger"),
                entrypoint=(),
                cmd=("python", "-m", "ledger"),
                source="git@github.com:acme/ledger.git",
            ),
            pods=3,
        ),
        audited(
            "CronJob",
            "payments",
            "settle",
            Sample(
                image="docker.io/acme/settle:latest",
                source="",
                entrypoint=("sh", "-c", "python settle.py"),
                cmd=(),
            ),
            pods=1,
        ),
        audited(
            "Deployment",
            "shop",
            "suggest",
            Sample(image="docker.io/acme/suggest:2", entrypoint=(), cmd=("suggest",), days=412),
            pods=2,
            policies=NAMES_AND_INITS,
            exceptions=(EXCUSE,),
        ),
        audited(
            "Deployment",
            "search",
            "indexer",
            Sample(image="registry.example.com/prod/indexer:4.2", drifts=True, days=96),
            pods=8,
        ),
        audited(
            "DaemonSet",
            "monitoring",
            "node-exporter",
            Sample(image="quay.io/prometheus/node-exporter:v1.8.2", known=False),
            pods=24,
        ),
        audited(
            "Deployment",
            "shop",
            "notify",
            Sample(image="quay.io/acme/notify:9", known=False),
            pods=2,
            policies=NAMES_AND_INITS,
        ),
        audited(
            "Deployment",
            "payments",
            "fraud",
            Sample(image=f"quay.io/partner/fraud@{digest_of('fraud')}", known=False),
            pods=2,
            policies=NAMES_AND_INITS,
        ),
        audited(
            "Pod",
            "default",
            "debug-box",
            Sample(image="docker.io/library/busybox:1.36", source="", entrypoint=(), cmd=("sh",)),
            policies=(),
        ),
    ]
