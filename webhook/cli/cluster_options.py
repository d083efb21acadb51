"""The options of `serve` that name a cluster, and who we are in it."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

from webhook.cli.options import READABLE
from webhook.core.resource_fields import is_name, is_namespace

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

ALL = "*"
"""In place of the names of pull secrets."""
_HOST = re.compile(r"[A-Za-z0-9.-]+", re.ASCII)
_IPV6 = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_MAX_PORT = 65535
_UID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
_MAX_REPLICA = 200
"""Characters, so that there is room for a prefix in the name of its Lease."""


class Namespace(click.ParamType[str]):
    """The name of a namespace."""

    name = "namespace"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        if not is_namespace(str(value)):
            self.fail(f"{value!r} is no name of a namespace", param, ctx)
        return str(value)


class NamespacedName(click.ParamType[tuple[str, str]]):
    """Namespace and name of an object, with a slash between them."""

    name = "namespace/name"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Read the text; raises click.BadParameter."""
        namespace, _, name = str(value).partition("/")
        if not is_namespace(namespace) or not is_name(name):
            self.fail(f"{value!r} is not written as NAMESPACE/NAME", param, ctx)
        return namespace, name


class SecretName(click.ParamType[str]):
    """The name of a Secret, or `*` for all."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        text = str(value)
        if text != ALL and not is_name(text):
            self.fail(f"{value!r} is no name of a Secret, and not {ALL}", param, ctx)
        return text


class ReplicaUid(click.ParamType[str]):
    """The UID of an object, as an API server gives them."""

    name = "uid"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        text = str(value)
        if not _UID.fullmatch(text):
            self.fail(f"{text!r} is no UID", param, ctx)
        return text


class ReplicaName(click.ParamType[str]):
    """The name of a Pod, or one like it."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        text = str(value)
        if not is_name(text) or len(text) > _MAX_REPLICA:
            self.fail(f"{value!r} is no name of a Pod", param, ctx)
        return text


class HostPort(click.ParamType[str]):
    """Host or address, and port; `$(POD_IP):8443` has no brackets around an IPv6 address."""

    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; raises click.BadParameter."""
        host, _, port = str(value).rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not _PORT.fullmatch(port) or not 0 < int(port) <= _MAX_PORT:
            self.fail(f"{value!r} is not written as HOST:PORT", param, ctx)
        if _IPV6.fullmatch(bare):
            return f"[{bare}]:{port}"
        if not _HOST.fullmatch(host):
            self.fail(f"{value!r} is not written as HOST:PORT", param, ctx)
        return f"{host}:{port}"


LOGIN = (
    click.option(
        "--kubeconfig",
        type=READABLE,
        metavar="FILE",
        help="Log in with this file. In a Pod its ServiceAccount does, elsewhere what kubectl "
        "would take.",
    ),
    click.option("--context", metavar="NAME", help="Context of the kubeconfig."),
)
_OPTIONS = (
    *LOGIN,
    click.option(
        "--namespace",
        type=Namespace(),
        metavar="NS",
        help="Our own namespace, with the Secrets that Registries name and the replica's Lease; "
        "that of the login if absent.",
    ),
    click.option(
        "--exception-namespace",
        "exception_namespaces",
        type=Namespace(),
        multiple=True,
        metavar="NS",
        help="Honour the ImageExceptions of this namespace; of others never. Repeatable.",
    ),
    click.option(
        "--pull-secret",
        "pull_secrets",
        type=SecretName(),
        multiple=True,
        metavar="NAME",
        help="Use the pull secret NAME of a Pod, in the Pod's own namespace, for images that the "
        "login of their Registry does not open; '*' uses all. Repeatable.",
    ),
    click.option(
        "--replica-name",
        type=ReplicaName(),
        metavar="NAME",
        help="Hold the Lease cocket-webhook-NAME, by which the operator knows this replica.",
    ),
    click.option(
        "--replica-address",
        type=HostPort(),
        metavar="HOST:PORT",
        help="Where the operator reaches this replica, written on that Lease.",
    ),
    click.option(
        "--replica-uid",
        type=ReplicaUid(),
        metavar="UID",
        help="UID of the Pod NAME: the Lease belongs to it, and goes when the Pod goes.",
    ),
)


def cluster_options(command: F) -> F:
    """Add them to a command."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)
