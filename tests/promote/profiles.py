"""Promotions into registries that cannot run here: what each of them is asked, in which order.

As tests/registry/profiles.py has it for pulls. The image has one blob, so that nothing is asked at
the same time as something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from tests.promote.promoting import WHEN, Watching
from tests.registry.profiles import Outcome, config, line_of, login_of
from tests.registry.rerouted import Rerouted
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.faults import Fault
from webhook.demo.images import manifest, sha256
from webhook.demo.pushes import Pushes
from webhook.demo.registry import DemoRegistry
from webhook.errors import RegistryError
from webhook.promote.destination import Destination
from webhook.promote.promotion import promote
from webhook.promote.statement import Build, Promoted
from webhook.registry.client import RegistryClient
from webhook.registry.transport import Connections

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registry.profiles import Profile, Promotion
    from webhook.registry.exchange import Request

WEB = manifest(b'{"os":"linux"}', [])
HERE = "preprod.example.com"
_DIGEST = re.compile(r"(sha256)([:-])[0-9a-f]{64}")


async def run(
    profile: Profile, case: Promotion, folder: Path, deviation: dict[str, Any]
) -> Outcome:
    """Let the registry be as the profile says, and promote into it; gives what it was asked."""
    server = profile.server | case.server | deviation
    async with DemoRegistry(login=login_of(server)) as registry, DemoRegistry() as source:
        registry.pushes = Pushes(location=server.get("uploads", ""))
        registry.referrers = server.get("referrers", False)
        for fault in server.get("faults", []):
            at = dict(fault)
            path = at.pop("path").replace("{manifest}", WEB.digest)
            registry.fault(path, msgspec.convert(at, Fault), times=99)
        digest = source.add("web", WEB)
        served = dict.fromkeys([*profile.hosts, *server.get("hosts", [])], registry.host)
        sent: list[Request] = []
        connections = Connections()
        client = RegistryClient(
            lambda _reach: Rerouted(connections, served | {HERE: source.host}, sent),
            close=connections,
        )
        where = _where(case, digest, config(_login(profile, case), _ref(case), folder))
        reason = said = ""
        try:
            await promote(
                client,
                where,
                Watching(),
                tags=case.tags,
                promoted=_promoted(where) if case.evidence else None,
            )
        except RegistryError as error:
            reason, said = error.reason.value, str(error)
        finally:
            await client.close()
    asked = [line_of(one) for one in sent if one.url.origin.authority != HERE]
    return Outcome(_named(asked), reason, said)


def _login(profile: Profile, case: Promotion) -> dict[str, str]:
    return profile.login if case.login is None else case.login


def _ref(case: Promotion) -> ImageRef:
    return ImageRef.parse(case.image)


def _where(case: Promotion, digest: str, docker_config: str) -> Destination:
    target = msgspec.structs.replace(_ref(case), tag=None, digest=digest)
    return Destination(
        ImageRef(HERE, "web", None, digest),
        Registry(name="preprod", host=HERE),
        target,
        Registry(name="prod", host=target.host, docker_config_file=docker_config),
    )


def _promoted(where: Destination) -> Promoted:
    return Promoted(
        source=where.source,
        target=where.target,
        when=WHEN,
        who="ci",
        build=Build(number="118"),
        checks=(),
        version="test",
    )


def _named(lines: list[str]) -> list[str]:
    """Digests by what they are of: the image and its config, then `{1}`, `{2}` as they come."""
    names = {WEB.digest[7:]: "{manifest}", sha256(WEB.config)[7:]: "{config}"}

    def name(found: re.Match[str]) -> str:
        encoded = found[0][7:]
        shown = names.setdefault(encoded, f"{{{len(names) - 1}}}")
        return shown if found[2] == ":" else f"sha256-{shown}"

    return [_DIGEST.sub(name, line) for line in lines]
