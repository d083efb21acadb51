"""The example pipelines, their shell lines run against a real registry."""

from __future__ import annotations

import re
import shutil
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import yaml

from tests.cli.runs import cocket, process
from tests.pipelines.agent import BASE, SOURCE, Agent, agent
from tests.pipelines.docker import TYPE
from tests.pipelines.lines import EXAMPLES, Pipeline, Step, github, gitlab, jenkins
from tests.servers import real_registry

pytestmark = [
    pytest.mark.tool("docker-registry"),
    pytest.mark.skipif(shutil.which("git") is None, reason="this machine has no git"),
]

NAMES = ("jenkins", "github", "gitlab")


class Run(msgspec.Struct):
    """A machine, and the pipeline it runs."""

    agent: Agent
    pipeline: Pipeline
    tag: str

    def all(self) -> None:
        for step in self.pipeline.steps:
            done = self.agent.run(step, self.pipeline)
            assert done.returncode == 0, f"{step.name}: {done.stdout}{done.stderr}"


def prepared(name: str, folder: Path, host: str, **variables: str) -> Run:
    if name == "jenkins":
        given = {"SERVICE": "web", "BRANCH": "feature", "BUILD_NUMBER": "118"}
        return Run(agent(folder, host, **given, **variables), jenkins(), "118")
    if name == "github":
        context = {
            "github.event.repository.name": "web",
            "vars.BASE_IMAGE": BASE,
            "vars.TINI_VERSION": "0.19.0-r3",
            "github.run_number": "118",
            "github.run_attempt": "1",
            "github.server_url": SOURCE.rpartition("/shop")[0],
            "github.repository": "shop/web",
        }
        here = agent(folder, host, **variables)
        here.environment["GITHUB_SHA"] = here.git("rev-parse", "main")
        # GitHub begins with an empty folder.
        here.git("clean", "-qfdx")
        return Run(here, github(context), "118-1")
    given = {"CI_PROJECT_NAME": "web", "CI_PIPELINE_IID": "118", "CI_JOB_ID": "7"}
    here = agent(folder, host, CI_PROJECT_URL=SOURCE, **given, **variables)
    here.environment["CI_COMMIT_SHA"] = here.git("rev-parse", "main")
    return Run(here, gitlab(given), "118-7")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[str]:
    (tmp_path / "registry").mkdir()
    async with real_registry(tmp_path / "registry") as registry:
        yield registry.host


def manifest(host: str, repository: str, reference: str) -> tuple[str, bytes]:
    request = urllib.request.Request(
        f"http://{host}/v2/{repository}/manifests/{reference}", headers={"Accept": TYPE}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        return answer.headers["Docker-Content-Digest"], answer.read()


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_tested_is_deployed_by_its_digest_and_says_which_commit_it_is(
    name: str, tmp_path: Path, host: str
) -> None:
    """One run for all that is to be seen of it: each starts thirty processes."""
    run = prepared(name, tmp_path, host)
    run.all()

    _is_deployed(run, host)
    _says_its_commit(run, host)
    if name == "jenkins":
        _was_merged(run)


def _is_deployed(run: Run, host: str) -> None:
    digest, _ = manifest(host, "preprod/web", run.tag)
    tested = f"app={host}/preprod/web@{digest}"
    deployed = [call for call in run.agent.said("kubectl") if call[2:4] == ["set", "image"]]
    assert deployed[0] == ["--context", "preprod", "set", "image", "deployment/web", tested]
    assert (run.agent.folder / "make.log").read_text().split() == ["tested", "accepted"]
    assert deployed[1][:5] == ["--context", "prod", "set", "image", "deployment/web"]
    assert deployed[1][5].startswith(f"app={host}/prod/web")
    assert deployed[1][5].endswith(f"@{digest}")
    assert manifest(host, "prod/web", digest) == manifest(host, "preprod/web", digest)


def _says_its_commit(run: Run, host: str) -> None:
    (build,) = [call for call in run.agent.said("docker") if call[0] == "build"]
    given = dict(one.split("=", 1) for one in build if "=" in one)
    main = run.agent.git("rev-parse", "main", at=run.agent.folder / "origin.git")
    assert given["vcs_ref"] == main
    assert given["vcs_url"] == SOURCE
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", given["build_date"])
    policy = run.agent.workspace / "ci" / "policy.yaml"
    asked = process("image", "--policy", policy, "-o", "json", f"{host}/preprod/web:{run.tag}")
    assert main in asked.stdout.decode()
    assert "init tini" in asked.stdout.decode()


def _was_merged(run: Run) -> None:
    origin = run.agent.folder / "origin.git"
    merged = run.agent.git("log", "-1", "--format=%P", "main", at=origin).split()
    assert len(merged) == 2
    assert run.agent.git("rev-parse", "feature", at=origin) in merged


@pytest.mark.parametrize(
    ("name", "version"),
    [("jenkins", "19.03.15"), ("jenkins", ""), ("github", "30.0.0"), ("gitlab", "23.0.6")],
)
async def test_another_engine_ends_it_before_anything_is_built(
    name: str, version: str, tmp_path: Path, host: str
) -> None:
    run = prepared(name, tmp_path, host, DOCKER_VERSION=version)
    failed = None
    for step in run.pipeline.steps:
        done = run.agent.run(step, run.pipeline)
        if done.returncode:
            failed = done
            break

    assert failed is not None
    assert "engine: docker" in failed.stderr
    assert [call[0] for call in run.agent.said("docker")] == ["version"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_test_that_fails_ends_it_before_anything_is_pushed(
    name: str, tmp_path: Path, host: str
) -> None:
    run = prepared(name, tmp_path, host)
    makefile = run.agent.workspace / "Makefile"
    makefile.write_text("test:\n\t@false\n")
    run.agent.git("commit", "-q", "-a", "-m", "Break")
    run.agent.git("push", "-q", "origin", "main")
    run.agent.environment["GITHUB_SHA"] = run.agent.git("rev-parse", "main")
    codes = []
    for step in run.pipeline.steps:
        codes.append(run.agent.run(step, run.pipeline).returncode)
        if codes[-1]:
            break

    assert codes[-1] != 0
    assert not any(call[0] in {"build", "push"} for call in run.agent.said("docker"))
    assert run.agent.said("kubectl") == []


def test_the_dockerfile_passes_every_rule_without_a_warning() -> None:
    result = cocket(
        "check", "--offline", "--fail-on", "unknown", EXAMPLES / "jenkins" / "Dockerfile"
    )

    assert result.exit_code == 0, result.stdout
    assert not re.search(r"sha256:[0-9a-f]", (EXAMPLES / "jenkins" / "Dockerfile").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_a_tag_is_never_used_twice(name: str) -> None:
    """It holds what the server counts up, and no word that moves."""
    text = {
        "jenkins": EXAMPLES / "jenkins" / "Jenkinsfile",
        "github": EXAMPLES / "github-actions" / "ship.yml",
        "gitlab": EXAMPLES / "gitlab" / ".gitlab-ci.yml",
    }[name].read_text()
    counted = {"jenkins": "BUILD_NUMBER", "github": "BUILD", "gitlab": "CI_JOB_ID"}[name]

    tags = re.findall(r'"\$PREPROD/\$SERVICE:([^"]+)"|--tag "([^"]+)"', text)
    made = [pushed or promoted for pushed, promoted in tags]
    made = [tag for tag in made if "$PREPROD" not in tag and tag != "$tag"]
    assert len(made) >= 2
    # What a later job cannot count up itself, the build left for it in a file.
    assert all(f"${counted}" in tag or tag == "$(cat tag.txt)" for tag in made)
    assert "latest" not in text


async def test_a_job_that_is_run_again_moves_no_tag(tmp_path: Path, host: str) -> None:
    run = prepared("gitlab", tmp_path, host)
    jobs = {step.name: step for step in run.pipeline.steps}
    first = ship(run, jobs, "7")
    # Its date makes it another image; here its commit does.
    run.agent.environment["CI_COMMIT_SHA"] = run.agent.git("rev-parse", "feature")
    second = ship(run, jobs, "9")

    assert first != second
    for repository in ("preprod/web", "prod/web"):
        assert manifest(host, repository, "118-7")[0] == first
        assert manifest(host, repository, "118-9")[0] == second


def ship(run: Run, jobs: dict[str, Step], number: str) -> str:
    """Build and promote as the job of this number; gives the digest."""
    run.agent.environment["CI_JOB_ID"] = number
    assert run.agent.run(jobs["build"], run.pipeline).returncode == 0
    # Each job has a number of its own.
    run.agent.environment["CI_JOB_ID"] = f"{number}1"
    done = run.agent.run(jobs["promote"], run.pipeline)
    assert done.returncode == 0, done.stderr
    return (run.agent.workspace / "promoted.txt").read_text().strip().rpartition("@")[2]


HOOKS = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_takes_the_files_that_the_command_reads(hook: dict[str, str]) -> None:
    for name in ("Dockerfile", "a/web.Dockerfile", "compose.yaml", "a/docker-compose.dev.yml"):
        assert re.search(hook["files"], name), name
    assert re.search(hook["files"], "deploy/web.yaml")
    assert not re.search(hook["files"], "src/web.py")
    assert not re.search(hook["files"], ".github/workflows/ci.yml")


def test_the_hooks_run_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM alpine:3\n")
    check, pin, pinned = HOOKS
    judged = cocket(*check["entry"].split()[1:], *check["args"], file)
    done = cocket(*pin["entry"].split()[1:], "--offline", file)

    assert (check["entry"].split()[0], pin["entry"].split()[0]) == ("cocket", "cocket")
    unpinned = cocket(*pinned["entry"].split()[1:], file)
    assert (unpinned.exit_code, unpinned.stdout) == (1, f"{file}:1: alpine:3: has no digest\n")
    assert judged.exit_code == 1
    assert "alpine:3 is a tag" in judged.stdout
    file.write_text(f"FROM {BASE}\nRUN true\n")
    assert cocket(*pinned["entry"].split()[1:], file).exit_code == 0
    unseen = cocket(*check["entry"].split()[1:], *check["args"], file)
    assert "could not be checked" in unseen.stdout
    assert unseen.exit_code == 0
    assert done.exit_code == 1
    assert "left: " in done.stderr
