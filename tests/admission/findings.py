"""Builder of findings for this room."""

from webhook.core.facts import Reason
from webhook.core.verdict import Finding, Mode, Outcome
from webhook.core.workload import Role


def finding(
    *,
    policy: str = "production",
    rule: str = "digest",
    outcome: Outcome = Outcome.FAIL,
    reason: Reason | None = None,
    mode: Mode = Mode.ENFORCE,
    container: str = "app",
    role: Role = Role.CONTAINER,
    pointer: str = "/spec/containers/0/image",
    image: str = "nginx:1.25",
    message: str = "it is a tag.",
    fix: str = "",
    exception: str = "",
) -> Finding:
    """A finding that refuses."""
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
