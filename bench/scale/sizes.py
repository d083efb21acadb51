"""How much is measured: the whole, or a tenth of it for CI."""

from __future__ import annotations

import msgspec


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one run."""

    pods: int = 10_000
    images: int = 500
    """Different ones, in those Pods."""
    audited: tuple[int, ...] = (1_000, 5_000, 10_000, 20_000)
    """Pods of the same images, of which audits are measured one after the other."""
    namespaces: int = 10_000
    digests: int = 100_000
    written: int = 5_000
    """Of them, by the operator's own code, and learned by all replicas together: an old API server
    takes a millisecond to list one. The others are copied in etcd, for one replica alone."""
    replicas: int = 20
    processes: int = 4
    """Among which the replicas are divided."""
    rounds: int = 3
    """Fresh processes for one figure."""
    changes: int = 20
    """Of a policy."""
    quiet_seconds: float = 60.0
    """How long the traffic of replicas is watched in which nothing happens."""

    def of_many_images(self) -> Sizes:
        """As many Pods, of ten times the images."""
        return msgspec.structs.replace(self, images=10 * self.images, audited=(self.pods,))


WHOLE = Sizes()
TENTH = Sizes(
    pods=1_000,
    images=50,
    audited=(200, 1_000),
    namespaces=1_000,
    digests=10_000,
    written=1_000,
    rounds=2,
    changes=10,
    quiet_seconds=20.0,
)
