"""A build machine: a clone of a service, its origin, registries, and programs on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.builders import DIGEST
from tests.pipelines.lines import EXAMPLES, Pipeline, Step

ROOT = Path(__file__).parents[2]
SOURCE = "https://git.example.com/shop/web"
BASE = f"docker.io/library/node:24-alpine@{DIGEST}"

_POLICY = """\
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {{name: prod}}
spec:
  host: {host}/prod
  environment: production
  promotesFrom: preprod
  allowPrivateAddresses: true
  tls: {{plainHTTP: true}}
---
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {{name: preprod}}
spec:
  host: {host}/preprod
  environment: preproduction
  allowPrivateAddresses: true
  tls: {{plainHTTP: true}}
---
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: production}}
spec:
  onUnknown: deny
  rules:
    digest: {{}}
    registry: {{environments: [production]}}
    provenance: {{require: [revision, source, created]}}
    init: {{}}
"""
_MAKEFILE = """\
test:
\t@echo tested >> $(STANDIN)/make.log
acceptance:
\t@echo accepted >> $(STANDIN)/make.log
"""
# What it was told is all that a test wants of it.
_KUBECTL = """\
import json, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + chr(10))
"""


class Agent(msgspec.Struct):
    """Where steps run, and what they left."""

    folder: Path
    host: str
    environment: dict[str, str]

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def run(self, step: Step, pipeline: Pipeline) -> subprocess.CompletedProcess[str]:
        """Run one step as its server would."""
        variables = dict(pipeline.variables)
        variables["PREPROD"] = variables["PREPROD"].replace("registry.example.com", self.host)
        return subprocess.run(
            [*step.shell, step.script],
            cwd=self.workspace,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def git(self, *arguments: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - the git there is
            cwd=at or self.workspace,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.strip()

    def said(self, program: str) -> list[list[str]]:
        """The arguments of every call of a stand-in."""
        log = self.folder / f"{program}.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def agent(folder: Path, host: str, **variables: str) -> Agent:
    """A machine whose service `web` has a branch `feature` beside `main`."""
    programs = folder / "bin"
    programs.mkdir()
    docker = [sys.executable, str(Path(__file__).with_name("docker.py"))]
    (folder / "kubectl.py").write_text(_KUBECTL.format(log=str(folder / "kubectl.log")))
    kubectl = [sys.executable, str(folder / "kubectl.py")]
    for name, words in (("docker", docker), ("kubectl", kubectl)):
        (programs / name).write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
        (programs / name).chmod(0o755)
    (programs / "cocket").symlink_to(Path(sys.executable).with_name("cocket"))
    origin = folder / "origin.git"
    (folder / "gitconfig").write_text(
        "[user]\n\tname = Somebody\n\temail = somebody@example.com\n"
        f'[url "{origin}"]\n\tinsteadOf = {SOURCE}\n[init]\n\tdefaultBranch = main\n'
        "[uploadpack]\n\tallowAnySHA1InWant = true\n"
    )
    here = Agent(
        folder,
        host,
        {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONPATH": str(ROOT),
            "STANDIN": str(folder),
            "DOCKER_VERSION": "28.1.1",
            "BASE_IMAGE": BASE,
            "TINI_VERSION": "0.19.0-r3",
            **variables,
        },
    )
    _service(here, origin)
    return here


def _service(here: Agent, origin: Path) -> None:
    here.git("init", "--quiet", "--bare", str(origin), at=here.folder)
    here.git("clone", "--quiet", SOURCE, str(here.workspace), at=here.folder)
    jenkins = EXAMPLES / "jenkins"
    (here.workspace / "ci").mkdir()
    shutil.copy(jenkins / "Dockerfile", here.workspace)
    shutil.copy(jenkins / "engine", here.workspace / "ci")
    (here.workspace / "ci" / "policy.yaml").write_text(_POLICY.format(host=here.host))
    (here.workspace / "Makefile").write_text(_MAKEFILE)
    here.git("checkout", "-q", "-B", "main")
    here.git("add", "-A")
    here.git("commit", "-q", "-m", "Begin")
    here.git("push", "-q", "origin", "main")
    here.git("checkout", "-q", "-b", "feature")
    (here.workspace / "server.js").write_text("// new\n")
    here.git("add", "-A")
    here.git("commit", "-q", "-m", "Serve")
    here.git("push", "-q", "origin", "feature")
    here.git("checkout", "-q", "main")
    (here.workspace / "README").write_text("main went on\n")
    here.git("add", "-A")
    here.git("commit", "-q", "-m", "Go on")
    here.git("push", "-q", "origin", "main")
