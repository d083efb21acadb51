"""All checks, in the order in which somebody would mend what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.doctor.access import access
from webhook.doctor.certificate_checks import certificates
from webhook.doctor.configuration_checks import excluded_namespaces, webhook_configuration
from webhook.doctor.document_checks import exceptions, policies, registries
from webhook.doctor.replica_checks import deployments, operator_leader, webhook_replicas
from webhook.doctor.server_checks import clock, definitions, server_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webhook.doctor.picture import Picture
    from webhook.reports.diagnoses import Diagnosis

CHECKS: tuple[Callable[[Picture], Iterator[Diagnosis]], ...] = (
    server_version,
    clock,
    definitions,
    deployments,
    webhook_replicas,
    operator_leader,
    webhook_configuration,
    certificates,
    excluded_namespaces,
    registries,
    policies,
    exceptions,
    access,
)


def diagnose(picture: Picture) -> list[Diagnosis]:
    """What every check says."""
    return [one for check in CHECKS for one in check(picture)]
