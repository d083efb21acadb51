"""What the operator finds in layers, and how an image was made: as large as it is in life.

The images are known by their configs and by how their entrypoint scripts end; systems, paths and
packages are those of the bases that most of them stand on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webhook.core.argv import basename
from webhook.core.base_image import BaseImage
from webhook.core.build import Build, Place, Voucher
from webhook.core.inside import End, Ending, Inside, Program, ProgramKind, System

if TYPE_CHECKING:
    from webhook.core.facts import ImageConfig

_SYSTEMS = (
    (System("debian", "Debian GNU/Linux 12 (bookworm)", "12", "", "2026-06-10"), "debian"),
    (System("alpine", "Alpine Linux v3.22", "3.22.1", "", "2027-05-01"), "alpine"),
    (System("ubuntu", "Ubuntu 24.04.2 LTS", "24.04", "", "2029-05-31"), "ubuntu"),
    (System("debian", "Distroless", "12", "distroless", "2026-06-10"), "distroless/static"),
)
"""With the name of the base image; the end of life as its table has it."""
_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_ENDS = {
    "exec-args": End(Ending.EXEC, ("${@:1}",), line='exec "$@"'),
    "exec-self-args": End(
        Ending.EXEC, ("gosu", "app", "$0", "${@:1}"), line='exec gosu app "$BASH_SOURCE" "$@"'
    ),
}
_OTHER_END = End(Ending.STAYS, line="wait")
_EVERY_BUILD = 2
"""Images of which one has a provenance attestation in its index, as BuildKit makes by itself."""


def inside_of(number: int, known: dict[str, Any], config: ImageConfig) -> Inside:
    """What the layers of one platform hold.

    Args:
        number: of the image; decides about its system.
        known: a line of `official-images.jsonl`.
        config: of the platform.
    """
    system = _SYSTEMS[number % len(_SYSTEMS)][0]
    words = [*config.entrypoint, *config.cmd]
    script = known["judgement"].get("script") or {}
    programs: list[Program] = []
    for place, word in enumerate(dict.fromkeys(words[:2])):
        if not place and script:
            path = word if word.startswith("/") else f"/usr/local/bin/{word}"
            ends = tuple(_ENDS.get(end, _OTHER_END) for end in script.get("all", ()))
            shell = ("/usr/bin/env", "bash") if script.get("shebang") == "bash" else ("/bin/sh",)
            programs.append(Program(word, ProgramKind.SCRIPT, path, shell, ends))
        elif not place or script:
            path = word if word.startswith("/") else f"/usr/local/bin/{word}"
            machine = config.architecture
            programs.append(Program(word, ProgramKind.ELF, path, machine=machine))
    if system.variant != "distroless":
        sh = "/usr/bin/dash" if system.id != "alpine" else "/bin/busybox"
        programs += [
            Program(one, ProgramKind.ELF, sh, machine=config.architecture)
            for one in ("/bin/sh", "sh")
        ]
    inits = tuple(
        f"/usr/bin/{name}" for name in ("tini", "dumb-init") if name in map(basename, words)
    )
    return Inside(system, tuple(programs), inits, _FOLDERS, 40 + number % 400, "layers")


def base_of(number: int, digest: str) -> BaseImage:
    """What it stands on; what its pipeline labels, it has not from there."""
    name = f"docker.io/library/{_SYSTEMS[number % len(_SYSTEMS)][1]}"
    return BaseImage(name, digest, found=True)


def build_of(number: int, commit: str, source: str) -> Build:
    """What its build says: nothing is attached to every second one."""
    if number % _EVERY_BUILD:
        return Build()
    builder = f"{source}/actions/runs/{10_000_000_000 + number}/attempts/1"
    return Build(Voucher(Place.INDEX), commit, source=source, builder=builder)
