"""Builders of values for tests: everything has a default that passes, say only what matters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.image import ImageRef
from webhook.core.rules.protocol import Image
from webhook.core.workload import Hook, ImageUse, Role, Workload
from webhook.errors import InputError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32
REVISION = "4f9d6c1e2b3a4958677a8b9c0d1e2f3a4b5c6d7e"
LABELS = {
    "org.opencontainers.image.revision": REVISION,
    "org.opencontainers.image.source": "https://github.com/acme/web",
    "org.opencontainers.image.created": "2026-11-20T08:00:00Z",
}


def config(
    *,
    entrypoint: tuple[str, ...] = ("/sbin/tini", "--"),
    cmd: tuple[str, ...] = ("/app",),
    labels: dict[str, str] | None = None,
    os: str = "linux",
    architecture: str = "amd64",
    stop_signal: str = "",
) -> ImageConfig:
    """An image config that every rule likes."""
    return ImageConfig(
        os=os,
        architecture=architecture,
        entrypoint=entrypoint,
        cmd=cmd,
        stop_signal=stop_signal,
        labels=tuple(sorted((LABELS if labels is None else labels).items())),
    )


def facts(*configs: ImageConfig, digest: str = DIGEST) -> ImageFacts:
    """Facts about an image with these configs, one a platform; one good one where none is given."""
    return ImageFacts(
        digest=digest,
        platforms=tuple(PlatformImage(one.platform, "", one) for one in configs or (config(),)),
        source="test",
    )


def use(
    image: str = f"registry.example.com/prod/web@{DIGEST}",
    *,
    container: str = "app",
    role: Role = Role.CONTAINER,
    command: tuple[str, ...] = (),
    args: tuple[str, ...] = (),
    env: tuple[tuple[str, str], ...] = (),
    stop_signal: str = "",
    pre_stop: Hook | None = None,
) -> ImageUse:
    """One container of a Pod."""
    pointer = f"/spec/containers/{container}/image"
    return ImageUse(
        container=container,
        role=role,
        pointer=pointer,
        image=image,
        command=command,
        args=args,
        env=env,
        stop_signal=stop_signal,
        pre_stop=pre_stop,
    )


def pod(
    *uses: ImageUse,
    name: str = "web",
    namespace: str = "shop",
    share_process_namespace: bool = False,
    host_pid: bool = False,
    os: str = "",
    grace_seconds: int | None = None,
    old: Workload | None = None,
    pull_secrets: tuple[str, ...] = (),
    service_account: str = "",
) -> Workload:
    """A Pod with these containers; one good one where none is given."""
    return Workload(
        kind="Pod",
        namespace=namespace,
        name=name,
        share_process_namespace=share_process_namespace,
        host_pid=host_pid,
        os=os,
        grace_seconds=grace_seconds,
        images=uses or (use(),),
        old=old,
        pull_secrets=pull_secrets,
        service_account=service_account,
    )


def image(text: str, known: ImageFacts | None = None) -> Image:
    """An image name with what is known about it."""
    return Image(ImageRef.parse(text), known or facts())


def refusal(read: Callable[[], object]) -> str:
    """What `read` says is wrong with its input; empty where it takes it. Other errors pass."""
    try:
        read()
    except InputError as error:
        return str(error)
    return ""
