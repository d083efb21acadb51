"""What the Dockerfile promises. The image itself was never built by a test: there is no engine."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.builders import NOW
from tests.cli.runs import cocket
from tests.dockerfile import DOCKERFILE, stages

ROOT = DOCKERFILE.parent
STRICTEST = ROOT / "examples" / "policies" / "strictest.yaml"
REGISTRIES = ROOT / "examples" / "registries.yaml"
IMAGE = "registry.example.com/prod/cocket@sha256:" + "ab" * 32
ARGUMENTS = {
    "REVISION": "4f9d6c1a2b3c4d5e6f708192a3b4c5d6e7f80912",
    "SOURCE": "https://git.example.com/platform/cocket",
    "CREATED": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
    "VERSION": "0.1.0",
}


def judged(tmp_path: Path, labels: dict[str, str]) -> tuple[int, str]:
    """What `cocket check` says of a Pod with the image that the Dockerfile describes."""
    _, (_, final) = stages()
    facts = tmp_path / "facts.jsonl"
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {
            "Entrypoint": final.command("ENTRYPOINT"),
            "Cmd": final.command("CMD"),
            "User": final.last("USER"),
            "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    facts.write_bytes(msgspec.json.encode({"image": IMAGE, "config": config}) + b"\n")
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "own", "namespace": "default"},
        "spec": {"containers": [{"name": "own", "image": IMAGE}]},
    }
    path = tmp_path / "pod.json"
    path.write_bytes(msgspec.json.encode(pod))
    policies = ("--policy", REGISTRIES, "--policy", STRICTEST)
    result = cocket("check", *policies, "--facts", facts, "--offline", path)
    return result.exit_code, result.output


def test_an_image_with_its_build_arguments_passes_our_strictest_policy(tmp_path: Path) -> None:
    _, (_, final) = stages()
    created = {"CREATED": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}

    code, output = judged(tmp_path, final.labels(ARGUMENTS | created))

    assert code == 0, output


@pytest.mark.parametrize(
    ("left_out", "label"),
    [
        ("REVISION", "org.opencontainers.image.revision"),
        ("SOURCE", "org.opencontainers.image.source"),
        ("CREATED", "org.opencontainers.image.created"),
        ("VERSION", "org.opencontainers.image.version"),
    ],
)
def test_an_image_without_one_of_them_is_refused(tmp_path: Path, left_out: str, label: str) -> None:
    _, (_, final) = stages()
    given = {name: value for name, value in ARGUMENTS.items() if name != left_out}

    code, output = judged(tmp_path, final.labels(given))

    assert code == 1
    assert label in output


def test_the_base_is_named_by_whoever_builds() -> None:
    """A digest in this file would be one that somebody wrote, not one that somebody saw."""
    before, (build, final) = stages()

    assert before == ["ARG PYTHON_IMAGE"]
    assert build.base == final.base == "${PYTHON_IMAGE}"
    assert not re.search(r"sha256:[0-9a-f]", DOCKERFILE.read_text())


def test_it_runs_as_nobody_under_an_init() -> None:
    _, (_, final) = stages()

    user, _, group = final.last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert final.command("ENTRYPOINT")[:2] == ["/usr/bin/tini", "--"]
    assert "/usr/bin/tini /usr/bin/tini" in " ".join(final.all("COPY"))


def test_the_final_stage_runs_nothing_and_downloads_nothing() -> None:
    _, (_, final) = stages()

    assert final.all("RUN") == []
    assert all(text.startswith("--from=build ") for text in final.all("COPY"))


def test_everything_installed_has_a_hash() -> None:
    _, (build, _) = stages()
    installs = [text for text in build.all("RUN") if " -m pip " in text]

    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]
    assert "--no-index" in installs[1]
    assert "--no-deps" in installs[1]


def test_the_context_has_what_is_copied_and_nothing_else() -> None:
    _, (build, _) = stages()
    copied = {name for text in build.all("COPY") for name in text.split()[:-1]}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert {line[1:] for line in rules if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
