"""The arguments in the chart are options that the two commands have."""

from __future__ import annotations

from functools import reduce

import click
import pytest

from tests.charts.rendering import FULL, NAMESPACE, arguments
from webhook.cli.operate import operate
from webhook.cli.serve import serve

COMMANDS = {"cocket-webhook": serve, "cocket-operator": operate, "cocket-uninstall": operate}


@pytest.mark.parametrize("started", COMMANDS)
def test_the_command_takes_its_arguments(started: str) -> None:
    command = COMMANDS[started]
    name, *given = arguments(started, FULL)
    # What the kubelet puts there.
    pod = {"$(POD_NAME)": "pod-1", "$(POD_IP)": "10.0.0.1", "$(POD_UID)": "12-34"}
    filled = [reduce(lambda text, name: text.replace(name, pod[name]), pod, one) for one in given]

    context = command.make_context(name, filled)

    assert name == command.name
    assert isinstance(context, click.Context)


def test_what_is_excluded_and_what_is_trusted_reaches_the_processes() -> None:
    webhook, operator = arguments("cocket-webhook", FULL), arguments("cocket-operator", FULL)

    assert "--exception-namespace=security" in webhook
    assert "--exception-namespace=security" in operator
    assert "--max-exception-days=365" in webhook
    assert "--max-exception-days=365" in operator
    assert {"--exclude-namespace=legacy", "--exclude-namespace=vendor"} <= {*operator}
    assert {"--pull-secret=regcred", "--pull-secret=pull"} <= {*webhook}
    assert "--failure-policy=fail" in operator
    assert "--replicas=3" in operator
    assert "--tls-secret=cocket-system/cocket-tls" in webhook
    assert "--tls-secret=cocket-tls" in operator
    assert "--cert-manager=cocket-webhook" in operator


@pytest.mark.parametrize(("read", "given"), [("off", []), ("all", ["--pull-secret=*"])])
def test_pull_secrets_are_used_as_far_as_they_may_be_read(read: str, given: list[str]) -> None:
    webhook = arguments("cocket-webhook", {"pullSecrets": {"read": read}})

    assert [one for one in webhook if "pull-secret" in one] == given


@pytest.mark.parametrize(
    ("audit", "given"),
    [
        ({}, ["--audit-interval=600", "--audit-reports=auto", "--audit-events"]),
        (
            {"intervalSeconds": 60, "reports": "none", "events": False},
            ["--audit-interval=60", "--audit-reports=none", "--no-audit-events"],
        ),
        ({"enabled": False}, ["--no-audit"]),
    ],
)
def test_the_audit_is_as_its_values_say(audit: dict[str, object], given: list[str]) -> None:
    operator = arguments("cocket-operator", {"audit": audit})

    assert [one for one in operator if "audit" in one] == given


@pytest.mark.parametrize(
    ("provider", "given"),
    [("operator", []), ("cert-manager", ["--cert-manager=cocket-webhook"])],
)
def test_only_cert_managers_certificate_is_left_to_it(provider: str, given: list[str]) -> None:
    operator = arguments("cocket-operator", {"certificates": {"provider": provider}})

    assert [one for one in operator if "cert-manager" in one] == given


def test_before_an_uninstall_the_leader_is_looked_for_where_it_is() -> None:
    removal, operator = arguments("cocket-uninstall", FULL), arguments("cocket-operator", FULL)

    assert "--remove-webhook-configuration" in removal
    for argument in (f"--namespace={NAMESPACE}", "--identity=$(POD_NAME)"):
        assert argument in removal
        assert argument in operator
