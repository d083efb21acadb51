"""Asking with the pull secrets of a Pod: what they open is told to nobody who does not hold them.

What a registry says to the credentials of its Registry, or to nobody, Cocket's owner chose to know
for all. What it says to a tenant's login belongs to whoever has that login: it is remembered under
the credentials themselves (docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.core.pull_secret import PullSecret
from webhook.core.workload import Workload
from webhook.errors import InvalidPolicyError
from webhook.registry.credentials import MAX_FILE, Credential, Held, read_keyring
from webhook.registry.mirrors import places

if TYPE_CHECKING:
    from webhook.core.image import ImageRef
    from webhook.core.registries import Registry
    from webhook.registry.keyring import Keyring

PullSecrets: TypeAlias = Callable[[Workload], Awaitable[Sequence[PullSecret]]]
"""From a workload to its pull secrets, most important first. Given by whoever knows a cluster."""

OPENED_BY_LOGIN = frozenset({Reason.UNAUTHORIZED, Reason.NOT_FOUND, Reason.RATE_LIMITED})
"""Answers that another login may change: many registries hide what they do not show."""


class Tenant:
    """The logins of one workload."""

    def __init__(self, secrets: Sequence[PullSecret]) -> None:
        """Read the secrets; one that cannot be used is told in `problems`, and is no login."""
        self.problems: list[str] = []
        self._keyrings: list[tuple[str, Keyring[Credential]]] = []
        for secret in secrets:
            source = f"the pull secret {secret.name}"
            if secret.problem:
                self.problems.append(secret.problem)
            elif len(secret.config) > MAX_FILE:
                self.problems.append(f"{source} is longer than {MAX_FILE} bytes")
            else:
                self._read(source, secret.config)

    def _read(self, source: str, config: bytes) -> None:
        try:
            self._keyrings.append((source, read_keyring(config)))
        except InvalidPolicyError as error:
            self.problems.append(f"{source} cannot be used: {printable(str(error), 200)}")

    def access(self, ref: ImageRef, registry: Registry) -> tuple[Credential, ...]:
        """All logins that fit an image or its mirror: who has the same ones may hear the same."""
        found = [
            held.credential for one in places(ref, registry) for held in self.held(one.ref.name)
        ]
        return tuple(dict.fromkeys(found))

    def held(self, name: str) -> list[Held]:
        """The logins that fit an image, by the kubelet's rules, each once.

        Args:
            name: registry and repository, without tag and digest.
        """
        found: dict[Credential, Held] = {}
        for source, keyring in self._keyrings:
            for credential in keyring.lookup(name):
                found.setdefault(credential, Held(credential, source))
        return list(found.values())
