"""`cocket check` on Dockerfiles and Compose files: the same formats, codes and look-ups."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.checking import ENFORCE, PINNED, TAGGED, pod, policy, verdicts, write
from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import cocket
from webhook.demo.images import image
from webhook.manifests.files import MAX_BYTES

ROOT = Path(__file__).parents[2]
DOCKERFILE = "FROM alpine:3.20\nRUN apk add curl\nCMD app; sleep 1\n"
COMPOSE = f"services:\n  web:\n    image: {TAGGED}\n"


def test_a_folder_is_searched_for_all_three(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    write(tmp_path / "web" / "Dockerfile", DOCKERFILE)
    write(tmp_path / "web" / "Dockerfile.dockerignore", "*\n")
    write(tmp_path / "compose.yaml", COMPOSE)
    write(tmp_path / "pod.yaml", pod(app=PINNED))
    result = cocket("check", "--offline", "-o", "json", tmp_path)

    found = verdicts(result.stdout)
    assert [
        (one["object"]["kind"], one["object"]["name"], one["object"]["line"]) for one in found
    ] == [
        ("Compose service", "web", 2),
        ("Pod", "web", 1),
        ("Dockerfile", "Dockerfile", 1),
    ]
    assert result.exit_code == 1


@pytest.mark.parametrize("form", ["table", "jsonl", "sarif", "junit", "github", "markdown"])
def test_findings_have_file_and_line_in_every_format(tmp_path: Path, form: str) -> None:
    file = write(tmp_path / "Dockerfile", f"# a remark\n{DOCKERFILE}")
    result = cocket("check", "--offline", "-o", form, file)

    assert result.exit_code == 1
    assert "alpine:3.20 is a tag" in result.stdout.replace("&#58;", ":")
    assert "apk add takes what is newest" in result.stdout
    if form == "sarif":
        (run,) = json.loads(result.stdout)["runs"]
        lines = {
            (one["ruleId"], one["level"]): one["locations"][0]["physicalLocation"]["region"]
            for one in run["results"]
        }
        assert lines["digest", "error"] == {"startLine": 2}
        assert lines["packages", "warning"] == {"startLine": 3}
        (rule,) = [one for one in run["tool"]["driver"]["rules"] if one["id"] == "packages"]
        assert rule["helpUri"].endswith("docs/files.md#packages")
    if form == "github":
        assert f"::error file={file},line=2,title=digest" in result.stdout


def test_warnings_count_only_where_they_are_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path / "Dockerfile", f"FROM {PINNED}\nRUN apk add curl\n")
    rules = write(tmp_path / "policy.yaml", ENFORCE)
    arguments = ("check", "--offline", "--policy", rules, file)

    assert cocket(*arguments).exit_code == 0
    assert cocket(*arguments, "--fail-on", "warn").exit_code == 1


def test_a_hook_may_let_pass_what_nobody_looked_up(tmp_path: Path) -> None:
    unknown = write(tmp_path / "web.yaml", pod(app=PINNED))
    refused = write(tmp_path / "bad.yaml", pod(app=TAGGED))

    assert cocket("check", "--offline", "--unknown-ok", unknown).exit_code == 0
    assert cocket("check", "--offline", "--unknown-ok", unknown, refused).exit_code == 1
    strict = ("check", "--offline", "--unknown-ok", "--fail-on", "unknown", unknown)
    assert cocket(*strict).exit_code == 1


def test_a_policy_of_other_namespaces_or_without_templates_covers_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "Dockerfile", "FROM alpine\n")
    rules = write(tmp_path / "policy.yaml", policy(more="templates: off"))
    result = cocket("check", "--offline", "--policy", rules, file)

    assert result.exit_code == 0
    assert "no policy covers it" in result.stdout


def test_what_a_base_starts_is_learned_from_its_registry(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        built = image(entrypoint=("/sbin/tini", "--"), cmd=("app",))
        digest = registry.add("base", built, tag="1")
        text = f"FROM {registry.host}/base:1\nCMD server\n"
        write(tmp_path / "Dockerfile", text)
        write(tmp_path / "compose.yaml", f"services: {{a: {{image: '{registry.host}/base:1'}}}}")
        registries = reachable(registry, tmp_path)
        rules = write(tmp_path / "policy.yaml", policy(rules="digest: {}, init: {}"))
        result = cocket(
            *("check", "--policy", registries, "--policy", rules, "-o", "json"),
            *(tmp_path / "Dockerfile", tmp_path / "compose.yaml"),
        )

    found = {
        (one["object"]["kind"], finding["rule"]): finding
        for one in verdicts(result.stdout)
        for finding in one["findings"]
    }
    assert digest in found["Dockerfile", "digest"]["fix"]
    assert digest in found["Compose service", "digest"]["fix"]
    assert found["Dockerfile", "init"]["outcome"] == "fail"
    assert "tini" in found["Dockerfile", "init"]["message"]
    assert found["Compose service", "init"]["outcome"] == "pass"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Dockerfile", "FROM a\nNO b\n", ":2: NO is no instruction"),
        ("Dockerfile", "FROM a\n\xff", ":2: this is not UTF-8"),
        ("Dockerfile", "", "there is no FROM"),
        ("compose.yaml", "services: 1", "services: must be a mapping"),
    ],
)
def test_what_cannot_be_read_ends_with_2(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode("latin-1"))
    result = cocket("check", "--offline", file)

    assert result.exit_code == 2
    assert f"{file}" in result.stderr
    assert said in result.stderr


def test_a_crowded_dockerfile_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    text = "FROM scratch\n" + "".join(f"COPY --from=x{n}:1 a b\n" for n in range(100))
    result = cocket("check", "--offline", write(tmp_path / "Dockerfile", text))

    assert result.exit_code == 1
    assert "it names 100 different images" in result.stdout


def test_a_name_outside_the_grammar_is_no_pass(tmp_path: Path) -> None:
    result = cocket("check", "--offline", write(tmp_path / "Dockerfile", "FROM A/b:c:d\n"))

    assert result.exit_code == 1


def test_a_dockerfile_that_is_too_long_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "Dockerfile", "#" * (MAX_BYTES + 2))

    assert cocket("check", "--offline", file).exit_code == 2


def test_our_own_dockerfile_passes_with_the_warning_it_deserves() -> None:
    result = cocket("check", "--offline", ROOT / "Dockerfile")

    assert result.exit_code == 0
    assert "apt-get install takes what is newest: tini" in result.stdout
