"""Audits and admission say the same to the same object, whoever puts them together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.audit.promoted import IMAGES
from tests.audit.sides import NAMESPACES, sides
from tests.builders import DIGEST
from webhook.core.running import DRIFTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cluster.api_server import Json
    from webhook.core.verdict import Finding, Verdict
    from webhook.reports.audited import Audit

NAMED = [*IMAGES, "evidenced", "tagged", "absent"]
"""Keys of images that the registry has, or has not."""
ODD = ["nginx", "NOT AN IMAGE", "", f"other.example.com/x@{DIGEST}"]
words = st.lists(st.sampled_from(["tini", "--", "sh", "-c", "exec $(X)", "/app"]), max_size=3)
containers = st.builds(
    lambda name, image, command, args, value: {
        "name": name,
        "image": image,
        "command": command,
        "args": args,
        "env": [{"name": "X", "value": value}],
    },
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([*NAMED, *NAMED, *ODD]),
    words,
    words,
    st.sampled_from(["/app", "tini -- /app"]),
)
specs = st.fixed_dictionaries(
    {"containers": st.lists(containers, min_size=1, max_size=3)},
    optional={
        "initContainers": st.lists(containers, max_size=2),
        "ephemeralContainers": st.lists(containers, max_size=1),
        "volumes": st.just([{"name": "v", "image": {"reference": "tagged"}}]),
        "shareProcessNamespace": st.booleans(),
        "hostPID": st.booleans(),
        "os": st.just({"name": "windows"}),
        "terminationGracePeriodSeconds": st.sampled_from([0, 1, 30]),
    },
)
pods = st.lists(st.tuples(st.sampled_from([*NAMESPACES, "lost"]), specs), min_size=6, max_size=12)


@given(pods)
# Without shrinking: an example asks registries for a second, and its lists are short.
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_a_verdict_of_an_audit_is_that_of_a_create(found: list[tuple[str, Json]]) -> None:
    asyncio.run(_compare(found))


async def test_every_kind_of_image_gets_the_verdict_that_it_deserves() -> None:
    """Of what the comparison compares: neither side answers everything in one way."""
    async with sides() as asked:
        for name in NAMED:
            for namespace in NAMESPACES:
                containers = [{"name": "a", "image": name}]
                asked.put(f"{name}-{namespace}", namespace, {"containers": containers})
        found = [_refusing(await asked.operator()), _refusing(await asked.command())]

    assert (
        found
        == [
            {
                "good-shop": {"provenance"},
                "attested-shop": set(),
                "lying-shop": {"provenance"},
                "rogue-shop": {"promotion", "provenance"},
                "evidenced-shop": {"promotion", "provenance"},
                "tagged-shop": {"provenance"},
                "absent-shop": {"promotion", "provenance"},
                "good-bank": set(),
                "attested-bank": set(),
                "lying-bank": {"provenance"},
                "rogue-bank": {"promotion"},
                "evidenced-bank": set(),
                "tagged-bank": set(),
                "absent-bank": {"init", "promotion", "provenance"},
            }
        ]
        * 2
    )


def _refusing(audit: Audit) -> dict[str, set[str]]:
    return {one.owner.name: {found.rule for found in one.verdict.denials} for one in audit.audited}


async def _compare(found: Sequence[tuple[str, Json]]) -> None:
    async with sides() as asked:
        for number, (namespace, spec) in enumerate(found):
            asked.put(f"pod-{number}", namespace, spec)
        expected = {
            f"pod-{number}": await asked.admission(f"pod-{number}", namespace)
            for number, (namespace, _) in enumerate(found)
        }
        for audit in (await asked.operator(), await asked.command()):
            assert audit.missing == ()
            assert len(audit.audited) == len(found)
            for one in audit.audited:
                verdict = expected[one.owner.name]
                assert _findings(one.verdict) == tuple(dict.fromkeys(verdict.findings))
                assert one.verdict.allowed is verdict.allowed


def _findings(verdict: Verdict) -> tuple[Finding, ...]:
    """Those that admission can make, and that it keeps: what passes decides nothing."""
    return tuple(one for one in verdict.bad if one.rule != DRIFTED)
