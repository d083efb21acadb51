import pytest

from webhook.cluster.kinds import NAMESPACES
from webhook.cluster.mirror import HasMetadata, Mirror
from webhook.cluster.watched import Watched, watched

NEVER = float("inf")


@pytest.mark.parametrize(
    ("known", "trouble"),
    [
        (Watched("facts", synced=True, seconds=60.0), ""),
        (Watched("facts", synced=False, seconds=NEVER), ""),
        (Watched("facts", synced=False, seconds=NEVER, problem="refused"), "refused"),
        (
            Watched("facts", synced=True, seconds=42.3, problem="refused"),
            "not followed for 42 s: refused",
        ),
    ],
)
def test_trouble_says_since_when(known: Watched, trouble: str) -> None:
    assert known.trouble == trouble


async def test_a_mirror_that_never_ran_knows_nothing() -> None:
    mirror = Mirror(
        None,  # type: ignore[arg-type]  # never asked
        NAMESPACES,
        HasMetadata,
        lambda item: item,
    )
    mirror.problem = "no\nroute " + "x" * 1000

    known = watched("namespaces", mirror, required=False)

    assert (known.synced, known.seconds, known.required) == (False, NEVER, False)
    assert known.problem.startswith("no\\nroute xxx")
    assert len(known.problem) == 300
