"""The arguments in the chart are options that the two commands have."""

from __future__ import annotations

from functools import reduce

import click
import pytest

from tests.charts.rendering import FULL, of_kind
from webhook.cli.operate import operate
from webhook.cli.serve import serve

COMMANDS = {"cocket-webhook": serve, "cocket-operator": operate}


def arguments(deployment: str) -> list[str]:
    (found,) = (one for one in of_kind("Deployment", FULL) if one["metadata"]["name"] == deployment)
    (container,) = found["spec"]["template"]["spec"]["containers"]
    return [str(argument) for argument in container["args"]]


@pytest.mark.parametrize("deployment", COMMANDS)
def test_the_command_takes_its_arguments(deployment: str) -> None:
    command = COMMANDS[deployment]
    name, *given = arguments(deployment)
    # What the kubelet puts there.
    pod = {"$(POD_NAME)": "pod-1", "$(POD_IP)": "10.0.0.1", "$(POD_UID)": "12-34"}
    filled = [reduce(lambda text, name: text.replace(name, pod[name]), pod, one) for one in given]

    context = command.make_context(name, filled)

    assert name == command.name
    assert isinstance(context, click.Context)


def test_what_is_excluded_and_what_is_trusted_reaches_the_processes() -> None:
    webhook, operator = arguments("cocket-webhook"), arguments("cocket-operator")

    assert "--exception-namespace=security" in webhook
    assert "--exception-namespace=security" in operator
    assert {"--exclude-namespace=legacy", "--exclude-namespace=vendor"} <= {*operator}
    assert "--failure-policy=fail" in operator
    assert "--replicas=3" in operator
    assert "--tls-secret=cocket-system/cocket-tls" in webhook
    assert "--tls-secret=cocket-tls" in operator
    assert "--cert-manager=cocket-webhook" in operator
