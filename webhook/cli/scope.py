"""The options that say which cluster is looked at, what of it, and how registries are asked."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

from webhook.cli.cluster_options import LOGIN, Namespace
from webhook.cli.options import cache_option, exception_days_option, offline_option
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

F = TypeVar("F", bound="Callable[..., Any]")

_PLACES = (
    click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Look everywhere."),
    click.option(
        "-n",
        "--namespace",
        type=Namespace(),
        metavar="NS",
        help="Look there; in the namespace of the context if neither this nor -A is given.",
    ),
)
_LOOKUPS = (
    click.option(
        "--system-namespace",
        type=Namespace(),
        default="cocket-system",
        show_default=True,
        metavar="NS",
        help="Where Cocket is installed: its Secrets are the logins to registries.",
    ),
    click.option(
        "--exception-namespace",
        "exception_namespaces",
        type=Namespace(),
        multiple=True,
        metavar="NS",
        help="Honour the ImageExceptions of this namespace, as the webhook does. Repeatable.",
    ),
    exception_days_option,
    click.option(
        "--exclude-namespace",
        "excluded",
        type=Namespace(),
        multiple=True,
        metavar="NS",
        help="The webhook is never asked there, as in kube-system and its own namespace: what runs "
        "is listed and not judged. Repeatable.",
    ),
    offline_option,
    cache_option,
    click.option(
        "--requests-per-second",
        type=click.FloatRange(min=0, min_open=True, max=10_000),
        default=Settings().audit_requests_per_second,
        show_default=True,
        metavar="N",
        help="Never ask all registries together more often.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True, max=86400),
        default=Settings().audit_patience,
        show_default=True,
        metavar="SECONDS",
        help="For all look-ups together; what is not learned by then is unknown.",
    ),
)

selector_option = click.option(
    "-l",
    "--selector",
    "labels",
    default="",
    metavar="SELECTOR",
    help="Only Pods with these labels, and in an audit workloads with them of which no Pod runs.",
)
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="No notes and no progress on standard error."
)


def login_options(command: F) -> F:
    """Add `--kubeconfig` and `--context`."""
    return _add(LOGIN, command)


def place_options(command: F) -> F:
    """Add `-A` and `-n`, of which a command takes one at most: see `check_places`."""
    return _add(_PLACES, command)


def lookup_options(command: F) -> F:
    """Add what a judgement of a cluster from outside depends on."""
    return _add(_LOOKUPS, command)


def check_places(namespace: str | None, *, everywhere: bool) -> None:
    """Take one of the two.

    Raises:
        click.UsageError: both are given.
    """
    if everywhere and namespace:
        raise click.UsageError("-A and -n do not go together.")


def _add(options: Sequence[Callable[[F], F]], command: F) -> F:
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)
