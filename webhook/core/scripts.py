"""Which programs are scripts, by their names: what they start is not in the image config."""

from __future__ import annotations

from webhook.core.argv import basename
from webhook.core.wrappers import LOADERS

_ENDINGS = (".sh", ".bash", ".ash", ".dash", ".ksh", ".zsh", ".py", ".pl", ".rb", ".lua")
_KNOWN = frozenset(
    (
        *("dind", "jenkins-agent", "launch-manager", "/container/atomic-run"),
        *("/etc/confluent/docker/run", "/image/scripts/start", "/usr/sbin/init-data"),
    )
)
"""Well-known ones whose names do not say so; by basename or by path."""


def is_script(word: str) -> bool:
    """Whether a program's name says that it is a script.

    >>> is_script("/docker-entrypoint.sh")
    True
    """
    name = basename(word)
    if name in _KNOWN or word in _KNOWN or name in LOADERS:
        return True
    return name.endswith(_ENDINGS) or "entrypoint" in name
