"""The options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webhook.core.policy import NAMESPACE_NAME
from webhook.settings import Settings, docker_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

# A namespace is a DNS label (RFC 1123); a label key may carry a DNS subdomain before a slash; its
# value may be empty (Kubernetes, «Labels and Selectors»).
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_PREFIX = re.compile(r"[a-z0-9.-]{1,253}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)

policy_option = click.option(
    "--policy",
    "policy_files",
    type=READABLE,
    multiple=True,
    metavar="FILE",
    help="Policies and Registries as YAML. Repeatable.",
)
facts_option = click.option(
    "--facts",
    "facts_files",
    type=READABLE,
    multiple=True,
    metavar="FILE",
    help='JSON lines {"image": REF, "config": {…}}, perhaps with "annotations" and "build": known '
    "without network. Repeatable.",
)
exception_days_option = click.option(
    "--max-exception-days",
    type=click.IntRange(1, 3650),
    default=Settings().max_exception_days,
    show_default=True,
    metavar="DAYS",
    help="An ImageException that is to last longer, counted from when it was made, is not used.",
)
offline_option = click.option(
    "--offline", is_flag=True, help="Never open a socket; what would be looked up is unknown."
)
cache_option = click.option(
    "--cache-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep what digests say in this folder, for the next run.",
)


class LoginFile(click.ParamType[Path | None]):
    """A Docker config file, or `none`."""

    name = "file"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | None:
        """Read the text; raises click.BadParameter."""
        if value is None or value == "none":
            return None
        if isinstance(value, Path):
            return value  # The default, which need not be there.
        return Path(READABLE.convert(value, param, ctx))


docker_config_option = click.option(
    "--docker-config",
    type=LoginFile(),
    default=docker_config,
    metavar="FILE",
    help="Your own logins, with their credential helpers, for registries whose Registry names no "
    "credentials; `none` for none. By default what `docker login` wrote.",
)


def namespace_labels(
    _ctx: click.Context, _option: click.Parameter, texts: Iterable[str]
) -> Mapping[str, Mapping[str, str]]:
    """Read every `NS:key=value,…`; several for one namespace add up.

    Raises:
        click.BadParameter: a text that no namespace could carry.
    """
    labels: dict[str, dict[str, str]] = {}
    for text in texts:
        namespace, colon, pairs = text.partition(":")
        if not colon or not _NAMESPACE.fullmatch(namespace):
            raise click.BadParameter(f"{text!r} is not written as NAMESPACE:key=value,key=value")
        # Nobody can change this label, so nobody needs to write it.
        own = labels.setdefault(namespace, {NAMESPACE_NAME: namespace})
        for pair in pairs.split(",") if pairs else ():
            key, equals, value = pair.partition("=")
            if not equals or not _is_label(key, value):
                raise click.BadParameter(f"{pair!r} in {text!r} is no label, as in env=prod")
            if own.get(key, value) != value:
                raise click.BadParameter(
                    f"label {key!r} of namespace {namespace!r} has two values: "
                    f"{own[key]!r} and {value!r}"
                )
            own[key] = value
    return labels


def _is_label(key: str, value: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return (
        _WORD.fullmatch(name) is not None
        and (not slash or _PREFIX.fullmatch(prefix) is not None)
        and (not value or _WORD.fullmatch(value) is not None)
    )
