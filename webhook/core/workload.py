"""Every place in an object where an image is named, and what surrounds it there."""

from __future__ import annotations

from enum import StrEnum

import msgspec

GRACE_SECONDS = 30
"""What the API server writes where nobody said `terminationGracePeriodSeconds`."""
WINDOWS_OS = "windows"


class Role(StrEnum):
    """What an image is for in its Pod."""

    CONTAINER = "container"
    INIT = "init"
    """Runs to its end before the containers start."""
    SIDECAR = "sidecar"
    """An init container with `restartPolicy: Always`: runs as long as the Pod (KEP-753)."""
    EPHEMERAL = "ephemeral"
    VOLUME = "volume"
    """An OCI image volume (KEP-4639): mounted, never started."""
    BASE = "base"
    """Named by a Dockerfile, which builds on it or copies from it."""


class Hook(msgspec.Struct, frozen=True, gc=False):
    """What runs in a container before its stop signal is sent: `lifecycle.preStop`."""

    seconds: int = 0
    """How long it sleeps; the grace period goes on meanwhile."""
    acts: bool = False
    """Whether it is a command or a request, of which nobody can see what it does."""
    mark: str = ""
    """What tells it from another one that acts: 32 hexadecimal digits."""


class ImageUse(msgspec.Struct, frozen=True, gc=False):
    """One place where an object names an image, as written there."""

    container: str
    """Name of the container, or of the volume."""
    role: Role
    pointer: str
    """JSON pointer (RFC 6901) to the image field."""
    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    """The literal variables; filled only where `command` or `args` refer to variables."""
    stop_signal: str = ""
    """`lifecycle.stopSignal` (KEP-4960)."""
    mounts: tuple[str, ...] = ()
    """Paths at which volumes hide what is in the image, but for those of the service account."""
    pre_stop: Hook | None = None


class Workload(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An object that names images: a Pod, or one that carries a Pod template."""

    kind: str
    namespace: str
    """Empty where the object does not say and nobody else did."""
    name: str
    name_is_prefix: bool = False
    """True where it is only the `generateName`: the object will have another name."""
    uid: str = ""
    template: bool = False
    """True for everything but a Pod: early feedback, the Pod is the boundary."""
    labels: dict[str, str] = {}
    service_account: str = ""
    pull_secrets: tuple[str, ...] = ()
    share_process_namespace: bool = False
    host_pid: bool = False
    os: str = ""
    """`windows` where the Pod says so, by `spec.os` or by its node selector."""
    grace_seconds: int | None = None
    """`terminationGracePeriodSeconds`; None where the object does not say."""
    images: tuple[ImageUse, ...] = ()
    old: Workload | None = None
    """The same object before an UPDATE."""
    requester: str = ""
    mirror: bool = False
    """A static Pod that its node shows to the API server: refusing it would only hide it."""

    @property
    def grace(self) -> int:
        """Seconds from the first word about the end to SIGKILL."""
        return GRACE_SECONDS if self.grace_seconds is None else self.grace_seconds

    @property
    def around(self) -> tuple[bool, bool, str, int]:
        """All that rules read of it besides its uses: see `Rule.check`."""
        return (self.share_process_namespace, self.host_pid, self.os, self.grace)
