"""scripts/kind-up, kind-down and image, against stand-ins that write down what they were asked.

No container engine ever ran these scripts in a test. What follows the creation of the cluster,
scripts/try-cluster, runs against a real API server in tests/e2e/.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
DIGEST = "sha256:" + "12" * 32
BASE = "docker.io/library/python@sha256:" + "34" * 32
TOOLS = "cat cut date dirname env git grep head sed sh sleep true".split()
STAND_IN = """#!/bin/sh
name=${0##*/}
echo "$name $*" >>"$LOG"
case "$name $*" in
    "docker info") exit "${ENGINE:-0}" ;;
    "docker inspect -f {{.State.Running}} "*) echo "${REGISTRY_RUNS:-false}" ;;
    "docker inspect -f {{json .NetworkSettings.Networks}} "*) echo '{"bridge":{}}' ;;
    "docker inspect -f {{index .RepoDigests 0}} "*) echo "$BASE" ;;
    "docker inspect -f {{range .RepoDigests}}"*)
        if [ -n "${DIGEST:-}" ]; then echo "localhost:5001/prod/cocket@$DIGEST"; fi ;;
    "kind get clusters") echo "${CLUSTERS:-}" ;;
    "kind get nodes "*) echo cocket-control-plane; echo cocket-worker ;;
    "docker exec -i "*) cat >>"$LOG" ;;
    "kubectl "*" create --dry-run=server -f -")
        echo "denied the request: cocket refused Pod cocket-try/refused:"; exit 1 ;;
    "kubectl "*" create --dry-run=none -f -")
        if grep -q "name: refused"; then echo "cocket refused Pod cocket-try/refused:"; exit 1; fi
        echo "pod/admitted created" ;;
    "kubectl "*" apply -f -") cat >/dev/null ;;
esac
"""


class Machine:
    """A PATH with a few real tools and the stand-ins."""

    def __init__(self, folder: Path, without: Sequence[str] = ()) -> None:
        self.bin = folder / "bin"
        self.log = folder / "asked"
        self.bin.mkdir()
        self.log.touch()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        for tool in ("docker", "kind", "kubectl", "helm"):
            if tool not in without:
                path = self.bin / tool
                path.write_text(STAND_IN)
                path.chmod(0o755)

    def run(
        self, script: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts" / script, *arguments],
            env={
                "PATH": str(self.bin),
                "LOG": str(self.log),
                "BASE": BASE,
                "DIGEST": DIGEST,
                "HOME": str(self.bin.parent),
                # In a copy that somebody else owns, git would refuse to say the commit.
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines()

    def first(self, beginning: str) -> str:
        return next(line for line in self.asked if line.startswith(beginning))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("tool", ["docker", "kind", "kubectl", "helm"])
def test_a_missing_tool_is_named_before_anything_is_made(tmp_path: Path, tool: str) -> None:
    machine = Machine(tmp_path, without=[tool])

    done = machine.run("kind-up")

    assert done.returncode == 1
    assert done.stderr.startswith(f"kind-up: {tool} is not here: ")
    assert machine.asked == []


@pytest.mark.parametrize("script", ["kind-up", "kind-down", "image"])
def test_without_a_container_engine_it_says_so_and_makes_nothing(
    machine: Machine, script: str
) -> None:
    done = machine.run(script, ENGINE="1")

    assert done.returncode == 1
    assert done.stderr == (
        f"{script}: no container engine answers: start it, or look at what `docker info` says\n"
    )
    assert machine.asked == ["docker info"]


def test_everything_is_made_in_order(machine: Machine) -> None:
    done = machine.run("kind-up")

    assert done.returncode == 0, done.stderr
    order = [
        "docker info",
        "docker run -d --restart=always -p 127.0.0.1:5001:5000 --name cocket-registry ",
        "kind create cluster --name cocket --config kind-config.yaml",
        "docker network connect kind cocket-registry",
        "docker exec cocket-control-plane mkdir -p /etc/containerd/certs.d/cocket-registry:5000",
        '[host."http://cocket-registry:5000"]',
        "docker pull --quiet docker.io/library/python:3.13-slim-bookworm",
        "docker build --tag localhost:5001/prod/cocket:",
        "docker push --quiet localhost:5001/prod/cocket:",
        "helm upgrade --install cocket charts/cocket --kube-context kind-cocket ",
        "kubectl --context kind-cocket apply -f -",
        "kubectl --context kind-cocket create --dry-run=server -f -",
    ]
    at = [machine.asked.index(machine.first(line)) for line in order]
    assert at == sorted(at)
    assert "Refused, as it should be" in done.stdout
    assert "Admitted, as it should be: cocket-registry:5000/prod/cocket@" in done.stdout


def test_the_image_is_built_on_the_digest_that_the_engine_saw(machine: Machine) -> None:
    machine.run("kind-up")

    build = machine.first("docker build")
    assert f"--build-arg PYTHON_IMAGE={BASE}" in build
    for argument in ("REVISION=", "SOURCE=https://", "CREATED=20", "VERSION=0."):
        assert f"--build-arg {argument}" in build


def test_a_base_that_somebody_names_is_not_looked_up(machine: Machine) -> None:
    machine.run("kind-up", PYTHON_IMAGE="r.example.com/python@sha256:1")

    assert "PYTHON_IMAGE=r.example.com/python@sha256:1" in machine.first("docker build")
    assert not any(line.startswith("docker pull") for line in machine.asked)


def test_the_chart_gets_the_digest_that_the_registry_gave(machine: Machine) -> None:
    machine.run("kind-up")

    helm = machine.first("helm ")
    assert "--set image.registry=cocket-registry:5000 --set image.repository=prod/cocket" in helm
    assert f"--set image.digest={DIGEST}" in helm


def test_an_image_without_a_digest_is_not_installed(machine: Machine) -> None:
    done = machine.run("kind-up", DIGEST="")

    assert done.returncode == 1
    assert "the engine tells no digest" in done.stderr
    assert not any(line.startswith("helm") for line in machine.asked)


def test_what_is_there_is_not_made_again(machine: Machine) -> None:
    done = machine.run("kind-up", CLUSTERS="cocket", REGISTRY_RUNS="true")

    assert done.returncode == 0, done.stderr
    assert not any(line.startswith(("kind create", "docker run")) for line in machine.asked)


@pytest.mark.parametrize(("given", "name"), [((), "cocket:0.1.0"), (("a/b:1",), "a/b:1")])
def test_the_image_alone_is_built_under_the_name_that_is_asked(
    machine: Machine, given: tuple[str, ...], name: str
) -> None:
    done = machine.run("image", *given, SOURCE="https://git.example.com/cocket")

    assert done.returncode == 0, done.stderr
    build = machine.first("docker build")
    assert build.startswith(f"docker build --tag {name} ")
    assert "--build-arg SOURCE=https://git.example.com/cocket" in build


def test_down_removes_the_cluster_and_the_registry(machine: Machine) -> None:
    done = machine.run("kind-down")

    assert done.returncode == 0, done.stderr
    assert machine.asked[1:] == [
        "kind delete cluster --name cocket",
        "docker rm -f cocket-registry",
    ]
