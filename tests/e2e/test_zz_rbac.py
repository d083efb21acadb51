"""RBAC is exactly what was used: the chart's rights beside the audit log of the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.e2e.audit_log import Access, granted, refused, unused, used
from tests.e2e.whole_run import left_out

if TYPE_CHECKING:
    from tests.e2e.control_plane import ControlPlane

COMPONENTS = ("webhook", "operator")
LABELS = "app.kubernetes.io/part-of=cocket,app.kubernetes.io/component="
OWN = "(our own)"


@pytest.fixture
def whole_run(request: pytest.FixtureRequest) -> None:
    """Skip the test where not everything ran that could have used a right."""
    if found := left_out(request.session):
        pytest.skip(f"partial run: {found[0]}, and {len(found) - 1} more like this")


@pytest.mark.usefixtures("whole_run")
@pytest.mark.parametrize("component", COMPONENTS)
def test_everything_that_is_granted_was_used(plane: ControlPlane, component: str) -> None:
    everybody = granted(plane, LABELS + component)
    did = used(plane.audit_log)
    rights, needed = set[Access](), set[Access]()
    for user, grants in everybody.items():
        rights |= {anywhere(one, user) for one in grants}
        idle = unused(grants, did.get(user, set()))
        needed |= {anywhere(one, user) for one in grants - idle}

    assert len(everybody) > 1
    assert sorted(map(str, rights - needed)) == []


@pytest.mark.parametrize("component", COMPONENTS)
def test_nothing_was_forbidden(plane: ControlPlane, component: str) -> None:
    everybody = granted(plane, LABELS + component)
    if not everybody:
        pytest.skip("partial run: no process of ours was started")
    forbidden = refused(plane.audit_log, plane.starts)

    assert [f"{user}: {one}" for user in everybody for one in forbidden.get(user, ())] == []


def anywhere(grant: Access, user: str) -> Access:
    """The grant, the same for a release in any namespace."""
    own = user.split(":")[2]
    return msgspec.structs.replace(
        grant,
        namespace=OWN if grant.namespace == own else grant.namespace,
        name=OWN if grant.name == own else grant.name,
    )
