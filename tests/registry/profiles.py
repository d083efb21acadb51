"""Profiles of registries that cannot run here: how each of them answers, and what we then ask.

A file of tests/data/profiles/ says how a registry behaves, and for each case every request that the
client sends, line by line, with the source of the fact behind it.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec

from tests.registry.asking import APP, CONFIG
from tests.registry.rerouted import Rerouted
from webhook.core.facts import ImageFacts
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.faults import Fault
from webhook.demo.images import sha256
from webhook.demo.login import BasicLogin, Login, NoLogin, TokenLogin
from webhook.demo.registry import DemoRegistry, Redirect
from webhook.errors import RegistryError
from webhook.registry.client import RegistryClient
from webhook.registry.limits import Limits
from webhook.registry.transport import Connections

if TYPE_CHECKING:
    from webhook.registry.exchange import Request

FOLDER = Path(__file__).parents[1] / "data" / "profiles"
SOURCES: dict[str, str] = msgspec.yaml.decode(
    (FOLDER.parent / "profile-sources.yaml").read_bytes(), type=dict[str, str]
)
"""The address of a source, by the words that a fact cites it with."""
_LOGINS: dict[str, type[Any]] = {"none": NoLogin, "basic": BasicLogin, "token": TokenLogin}


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request: `METHOD host path kind-of-Authorization [name=value …]`."""

    line: str
    fact: str
    """What is known about the registry that makes it so, and who says so."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One image that is asked about, and all that is asked."""

    name: str
    image: str
    exchange: list[Line]
    server: dict[str, Any] = {}
    """What differs from the registry's `server`."""
    login: dict[str, str] | None = None
    """Ours, an entry of a docker config; None: the profile's."""
    settings: dict[str, Any] = {}
    """Further fields of our Registry."""
    reason: str = ""
    """Why it is not learned; empty where it is."""
    said: str = ""
    """Part of the message then."""


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which it would not be this registry any more."""

    what: str
    server: dict[str, Any]


class Promotion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One image that is promoted into the registry, and all that is asked of it: promote/."""

    name: str
    image: str
    """What it is called there, without tag and digest."""
    exchange: list[Line]
    server: dict[str, Any] = {}
    login: dict[str, str] | None = None
    tags: tuple[str, ...] = ("118",)
    evidence: bool = False
    reason: str = ""
    said: str = ""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One registry."""

    registry: str
    hosts: list[str]
    server: dict[str, Any]
    login: dict[str, str]
    cases: list[Case]
    deviation: Deviation
    promotions: list[Promotion] = []
    promoted_otherwise: Deviation | None = None
    """The same for the first of its promotions."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of a case."""

    lines: list[str]
    reason: str = ""
    said: str = ""


def profiles() -> dict[str, Profile]:
    """All of them, by name of their file."""
    return {
        path.stem: msgspec.yaml.decode(path.read_bytes(), type=Profile)
        for path in sorted(FOLDER.glob("*.yaml"))
    }


async def run(profile: Profile, case: Case, folder: Path, deviation: dict[str, Any]) -> Outcome:
    """Let the registry be as the profile says, and ask it."""
    server = profile.server | case.server | deviation
    async with DemoRegistry(login=login_of(server)) as registry:
        served = dict.fromkeys([*profile.hosts, *server.get("hosts", [])], registry.host)
        ref = ImageRef.parse(case.image)
        if not server.get("empty", False):
            registry.add(ref.repository, APP, tag=ref.tag)
        if place := server.get("blobs", ""):
            registry.redirect = Redirect(place=place)
        registry.pulls_left = server.get("pulls_left")
        for fault in server.get("faults", []):
            at = dict(fault)
            registry.fault(at.pop("path"), msgspec.convert(at, Fault), times=99)
        sent: list[Request] = []
        connections = Connections()
        client = RegistryClient(
            lambda _reach: Rerouted(connections, served, sent),
            close=connections,
            limits=Limits(image_seconds=3.0),
        )
        login = profile.login if case.login is None else case.login
        settings = {"host": ref.host, "docker_config_file": config(login, ref, folder)}
        configured = Registry(name="r", **(settings | case.settings))
        reason = said = ""
        try:
            found = await client.facts(ref, CONFIG, configured)
            assert isinstance(found, ImageFacts)
            assert found.complete
        except RegistryError as error:
            reason, said = error.reason.value, str(error)
        finally:
            await client.close()
    return Outcome([line_of(one) for one in sent], reason, said)


def login_of(server: dict[str, Any]) -> Login:
    fields = dict(server.get("login", {}))
    kind = _LOGINS[fields.pop("kind", "none")]
    login: Login = msgspec.convert(fields, kind)
    return login


def config(login: dict[str, str], ref: ImageRef, folder: Path) -> str:
    """Our login at an image's registry, in a file as `docker login` writes it; empty: nobody's."""
    if not login:
        return ""
    key = "https://index.docker.io/v1/" if ref.host == "docker.io" else ref.host
    path = folder / "config.json"
    path.write_text(json.dumps({"auths": {key: login}}))
    return str(path)


def line_of(request: Request) -> str:
    """A request as a profile writes it."""
    url = request.url
    path = url.path.replace(sha256(APP.config), "{config}").replace(APP.digest, "{manifest}")
    kind, _, value = request.authorization.partition(" ")
    if kind == "Basic":
        kind += f":{base64.b64decode(value).decode().partition(':')[0]}"
    asked = parse_qs(url.query) | {name: [value] for name, value in request.form}
    told = [
        f"{name}={value}"
        for name in ("grant_type", "service", "scope", "account")
        for value in asked.get(name, [])
    ]
    signed = ["signed"] if "signature" in asked else []
    return " ".join([request.method, url.origin.authority, path, kind or "-", *told, *signed])
