"""Every setting that is no option of one command: limits and times, each with unit and reason."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webhook.registry.cloud.place import CloudPlace

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults are what we would run in production; only `cli/` reads this."""

    check_patience: float = 60.0
    """Seconds for all look-ups of one `cocket check`. Nobody waits at an API server here."""
    audit_patience: float = 600.0
    """Seconds for all look-ups of one `cocket audit`: some thousand images at its pace."""
    audit_requests_per_second: float = 10.0
    """Requests of one `cocket audit` to all registries together: one in the background of the day,
    and no registry that we know limits less."""
    image_patience: float = 30.0
    """Seconds for one name in `cocket image`: enough for a slow registry, bearable for a person."""
    layers_patience: float = 300.0
    """Seconds for the layers of one image: a gigabyte, at the pace of a home's connection."""
    tag_seconds: float = 10.0
    """Seconds that a tag is believed. Tags move; a rollout asks for one a hundred times at once."""
    stale_tag_seconds: float = 0.0
    """Seconds from a registry's last word on a tag for which it counts while the registry is
    silent. None: what nobody could check is unknown unless somebody decides otherwise."""
    cache_bytes: int = 64 * 1024 * 1024
    """Bytes of image configs kept in memory, by digest. About 30,000 images."""
    body_bytes: int = 32 * 1024 * 1024
    """Bytes of the largest review that `serve` reads. 18.9 MB was seen; JSON can grow sixfold."""
    buffered_bytes: int = 64 * 1024 * 1024
    """Bytes of large reviews in memory at one time; at least `body_bytes`. The others wait."""
    header_bytes: int = 32 * 1024
    """Bytes of a request's first line and headers. An API server sends a few hundred."""
    request_seconds: float = 9.0
    """Seconds from a request's first byte to its last. A slow peer is gone within ten."""
    handshake_seconds: float = 9.0
    """Seconds for a TLS handshake, likewise."""
    keep_alive_seconds: float = 180.0
    """Seconds that an idle connection is kept. API servers close theirs after 90: whoever closes
    first must not be us, or a review is lost that was just being sent."""
    connections: int = 1000
    """Open connections; beyond, the one that is idle longest makes room."""
    handshakes: int = 256
    """TLS handshakes at one time; beyond, the oldest makes room."""
    learning: int = 256
    """Reviews that wait for registries at one time; the others wait for their turn."""
    drain_seconds: float = 10.0
    """Seconds that `serve` serves on after SIGTERM: until every API server has heard that the
    address is gone from the Service."""
    linger_seconds: float = 0.0
    """Seconds that `serve` serves on after that for peers that keep idle connections, at most. Who
    closes one just when a review is sent on it loses the review, and an API server closes its own
    after 90 seconds. The chart gives 95, and the `terminationGracePeriodSeconds` that it takes."""
    finish_seconds: float = 15.0
    """Seconds for answers that are still due after that. With `drain_seconds` less than the 30 of
    `terminationGracePeriodSeconds`."""
    reload_seconds: float = 1.0
    """Seconds between two looks at certificate and policy files."""
    max_exception_days: int = 90
    """Days that an ImageException lasts at most, from when it was made. Longer than a quarter is
    no exception but a policy."""
    probe_seconds: float = 300.0
    """Seconds between two looks of `operate` at one registry; it costs two or three requests."""


def environment() -> dict[str, str]:
    """All variables, for programs that a person has run."""
    return dict(os.environ)


def api_server(environment: Mapping[str, str] = os.environ) -> str:
    """URL of the API server of the cluster that we run in, as its Pods are told; empty outside."""
    host = environment.get("KUBERNETES_SERVICE_HOST", "")
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    return f"https://{f'[{host}]' if ':' in host else host}:{port}" if host else ""


def docker_config() -> Path:
    """Where `docker login` writes for whoever runs us (docker/cli, «Environment variables»)."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path("~/.docker").expanduser()) / "config.json"


def wants_no_colours(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a person wants no colours, also on a terminal (no-color.org)."""
    return bool(environment.get("NO_COLOR"))


def cloud_place(environment: Mapping[str, str] = os.environ) -> CloudPlace:
    """Where we run, as the variables that the clouds set in a Pod tell."""
    names = CloudPlace.__struct_fields__
    return CloudPlace(**{name: environment.get(name.upper(), "") for name in names})


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says about the run that we are a part of; empty where it does not."""

    url: str = ""
    number: str = ""
    commit: str = ""
    user: str = ""
    """Who started it, or whose account it is."""
    key_password: str = ""
    """Of the file that `cocket promote --key` reads."""

    def __repr__(self) -> str:
        """Without the password."""
        return f"Pipeline(url={self.url!r}, number={self.number!r}, commit={self.commit!r})"


_URL = ("BUILD_URL", "CI_PIPELINE_URL")
_NUMBER = ("BUILD_NUMBER", "CI_PIPELINE_IID", "GITHUB_RUN_NUMBER")
_COMMIT = ("GIT_COMMIT", "CI_COMMIT_SHA", "GITHUB_SHA")
_USER = ("BUILD_USER_ID", "GITLAB_USER_LOGIN", "GITHUB_ACTOR", "USER")


def read_pipeline(environment: Mapping[str, str] = os.environ) -> Pipeline:
    """The variables that Jenkins, GitLab and GitHub Actions set, in this order."""

    def first(names: Sequence[str]) -> str:
        return next((text for name in names if (text := environment.get(name, "").strip())), "")

    url = first(_URL)
    server, repository, run = (
        environment.get(name, "")
        for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    if not url and server and repository and run:
        url = f"{server}/{repository}/actions/runs/{run}"
    return Pipeline(
        url=url,
        number=first(_NUMBER),
        commit=first(_COMMIT),
        user=first(_USER),
        key_password=environment.get("COCKET_KEY_PASSWORD", ""),
    )
