"""Which workload somebody means: `deployment/web`, `deploy/web`, `pod/x`, or a name alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.resource_fields import is_name
from webhook.errors import InputError

if TYPE_CHECKING:
    from webhook.reports.audited import Owner

# As `kubectl api-resources` lists them.
_SHORT = {
    "deploy": "deployment",
    "sts": "statefulset",
    "ds": "daemonset",
    "rs": "replicaset",
    "rc": "replicationcontroller",
    "cj": "cronjob",
    "po": "pod",
}
_POD = "pod"


class Wanted(msgspec.Struct, frozen=True):
    """A name, and the kind if it was said."""

    name: str
    kind: str = ""
    """Lower case, one of them; empty: any."""

    @property
    def is_pod(self) -> bool:
        """Whether one Pod is meant, whoever owns it."""
        return self.kind == _POD

    def means(self, owner: Owner) -> bool:
        """Whether it is this owner."""
        return owner.name == self.name and self.kind in {"", owner.kind.lower()}

    def __str__(self) -> str:
        """As kubectl writes it."""
        return f"{self.kind}/{self.name}" if self.kind else self.name


def read_wanted(text: str) -> Wanted:
    """Read `KIND/NAME` or `NAME`; the kind in singular, plural or short, with or without its group.

    Raises:
        InputError: nothing can be called that.

    >>> str(read_wanted("Deployments.apps/web"))
    'deployment/web'
    """
    kind, slash, name = text.rpartition("/")
    short = kind.partition(".")[0].lower()
    if not is_name(name) or (slash and not (short.isascii() and short.isalpha())):
        raise InputError(f"{text!r} is no workload: write it as deployment/web, pod/web-0 or web")
    singular = short.removesuffix("s") if short not in _SHORT else short
    return Wanted(name, _SHORT.get(singular, singular))
