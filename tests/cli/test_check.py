"""`cocket check`: from files to verdicts, formats and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.builders import LABELS
from tests.cli.checking import ENFORCE, PINNED, TAGGED, UNKNOWN_WARN, pod, policy, verdicts, write
from tests.cli.runs import cocket, process
from webhook.cli.fail_on import FailOn

FORMATS = ("table", "json", "jsonl", "sarif", "junit", "github", "markdown")


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """Facts about the pinned image, which every rule likes."""
    inner = {"Entrypoint": ["/sbin/tini", "--"], "Cmd": ["/app"], "Labels": LABELS}
    config = {"architecture": "amd64", "os": "linux", "config": inner}
    return write(tmp_path / "facts.jsonl", json.dumps({"image": PINNED, "config": config}))


# The built-in policy ----------------------------------------------------------------------------


def test_a_tag_is_refused_with_file_line_finding_and_fix(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    result = cocket("check", "--offline", file)

    assert result.exit_code == 1
    assert result.stderr == ""
    head, finding, *_ = result.stdout.splitlines()
    assert head == f"✗ {file}:1: Pod shop/web: refused"
    assert finding.startswith(f'    ✗ digest: container "app": {TAGGED} is a tag')
    assert "@sha256:" in finding


def test_a_good_image_is_allowed(tmp_path: Path, facts: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=PINNED))
    result = cocket("check", "--offline", "--facts", facts, "-o", "json", file)

    (verdict,) = verdicts(result.stdout)
    assert result.exit_code == 0
    assert verdict["object"] == {
        "kind": "Pod",
        "namespace": "shop",
        "name": "web",
        "file": str(file),
        "line": 1,
    }
    assert {(one["rule"], one["outcome"]) for one in verdict["findings"]} == {
        ("digest", "pass"),
        ("provenance", "pass"),
        ("init", "pass"),
    }
    assert {one["policy"] for one in verdict["findings"]} == {"default"}


def test_what_was_not_looked_up_is_unknown_and_neither_pass_nor_fail(tmp_path: Path) -> None:
    result = cocket("check", "--offline", "-o", "json", write(tmp_path / "a.yaml", pod(app=PINNED)))

    (verdict,) = verdicts(result.stdout)
    unknown = [one for one in verdict["findings"] if one["outcome"] == "unknown"]
    assert result.exit_code == 3
    assert verdict["allowed"] is True
    assert {one["rule"] for one in unknown} == {"provenance", "init"}
    assert {one["mode"] for one in unknown} == {"warn"}


# Exit codes -------------------------------------------------------------------------------------

WARN = policy(more="mode: warn")
AUDIT = policy(more="mode: audit")
UNKNOWN_DENY = policy(rules="init: {}", more="onUnknown: deny")
UNKNOWN_AUDIT = policy(rules="init: {}", more="mode: audit")


@pytest.mark.parametrize(
    ("rules", "named", "codes"),
    [
        # the code for --fail-on deny, warn, unknown, never
        pytest.param(ENFORCE, PINNED, (0, 0, 0, 0), id="pass"),
        pytest.param(ENFORCE, TAGGED, (1, 1, 1, 0), id="fail, enforce"),
        pytest.param(WARN, TAGGED, (0, 1, 1, 0), id="fail, warn"),
        pytest.param(AUDIT, TAGGED, (0, 0, 0, 0), id="fail, audit"),
        pytest.param(UNKNOWN_DENY, PINNED, (1, 1, 1, 0), id="unknown, deny"),
        pytest.param(UNKNOWN_WARN, PINNED, (3, 3, 1, 0), id="unknown, warn"),
        pytest.param(UNKNOWN_AUDIT, PINNED, (0, 0, 0, 0), id="unknown, audit"),
        pytest.param(
            f"{WARN}---\n{UNKNOWN_WARN.replace('test', 'b')}", TAGGED, (3, 1, 1, 0), id="both"
        ),
    ],
)
def test_the_exit_code_is_in_the_table(
    tmp_path: Path, rules: str, named: str, codes: tuple[int, ...]
) -> None:
    file = write(tmp_path / "web.yaml", pod(app=named))
    rule_file = write(tmp_path / "policy.yaml", rules)

    for fail_on, code in zip(FailOn, codes, strict=True):
        result = cocket("check", "--offline", "--policy", rule_file, "--fail-on", fail_on, file)

        assert (fail_on, result.exit_code) == (fail_on, code)


@pytest.mark.parametrize("fail_on", FailOn)
@pytest.mark.parametrize("broken", ["input", "policy", "facts", "missing"])
def test_what_cannot_be_read_ends_with_2_before_all(
    tmp_path: Path, broken: str, fail_on: FailOn
) -> None:
    good = write(tmp_path / "good.yaml", pod(app=TAGGED))
    bad = tmp_path / "bad.yaml"
    if broken != "missing":
        write(bad, "a: [\n")
    options = {"policy": ["--policy", str(bad)], "facts": ["--facts", str(bad)]}.get(broken)
    result = cocket("check", "--offline", "--fail-on", fail_on, good, *(options or [str(bad)]))

    assert result.exit_code == 2
    assert result.stdout == ""
    assert str(bad) in result.stderr


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.yaml", "a: [\n") for name in ("a", "b", "policy")]
    result = cocket("check", "--offline", "--policy", files[2], files[0], files[1])

    errors = result.stderr.splitlines()
    assert len(errors) == 3
    assert all(error.startswith("error: ") for error in errors)
    assert all(any(str(file) in error for error in errors) for file in files)


def test_a_policy_with_an_unknown_field_is_no_policy(tmp_path: Path) -> None:
    rules = write(tmp_path / "policy.yaml", policy(more="mod: warn"))
    result = cocket("check", "--offline", "--policy", rules, write(tmp_path / "a.yaml", pod(a="b")))

    assert result.exit_code == 2
    assert f"{rules}:" in result.stderr
    assert "mod" in result.stderr


def test_the_name_of_a_file_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    file = write(tmp_path / "\x1b[2J\n::error::.yaml", "apiVersion: v1\nkind: ConfigMap\n")
    result = cocket("check", "--offline", "-o", "json", file)

    assert "\x1b" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_nothing_to_judge_is_said_and_is_no_failure(tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", "apiVersion: v1\nkind: ConfigMap\n")
    result = cocket("check", "--offline", "-o", "json", file)

    assert result.exit_code == 0
    assert "nothing to judge" in result.stderr
    assert json.loads(result.stdout)["summary"]["withoutImages"] == 1
    assert cocket("check", "--offline", "-q", file).stderr == ""


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n---\n"])
def test_a_pipe_whose_first_half_failed_does_not_read_as_good(text: str) -> None:
    result = cocket("check", "--offline", "-", stdin=text)

    assert result.exit_code == 2
    assert "there is no object" in result.stderr


def test_a_folder_without_manifests_is_a_mistake(tmp_path: Path) -> None:
    assert cocket("check", "--offline", tmp_path).exit_code == 2


# Input ------------------------------------------------------------------------------------------


def test_standard_input_is_read_and_streams_are_kept_apart(tmp_path: Path) -> None:
    rules = write(tmp_path / "policy.yaml", ENFORCE)
    done = process(
        *("check", "--offline", "--policy", rules, "-o", "jsonl", "-"),
        stdin=f"{pod(app=TAGGED)}---\n{pod('good', app=PINNED)}".encode(),
    )

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert done.stderr == b""
    assert [(one["object"]["name"], one["allowed"]) for one in found] == [
        ("web", False),
        ("good", True),
    ]
    assert found[1]["object"]["file"] == "-"
    assert found[1]["object"]["line"] > 1


def test_an_update_is_judged_by_what_it_changes(tmp_path: Path) -> None:
    def saved(old_image: str) -> Path:
        spec = {"containers": [{"name": "app", "image": TAGGED}]}
        old = {"containers": [{"name": "app", "image": old_image}]}
        head = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}
        review = {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "1",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "namespace": "shop",
                "operation": "UPDATE",
                "object": {**head, "spec": spec},
                "oldObject": {**head, "spec": old},
            },
        }
        return write(tmp_path / "review.json", json.dumps(review))

    rules = write(tmp_path / "policy.yaml", ENFORCE)

    assert cocket("check", "--offline", "--policy", rules, saved(TAGGED)).exit_code == 0
    assert cocket("check", "--offline", "--policy", rules, saved(PINNED)).exit_code == 1


# Formats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_the_finding_and_keeps_the_exit_code(tmp_path: Path, form: str) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    result = cocket("check", "--offline", "-o", form, file)

    assert result.exit_code == 1
    assert result.stderr == ""
    assert result.stdout.endswith("\n")
    assert "\x1b" not in result.stdout
    match form:
        case "json" | "sarif":
            assert json.loads(result.stdout)
        case "jsonl":
            assert [json.loads(line)["allowed"] for line in result.stdout.splitlines()] == [False]
        case "junit":
            assert ET.fromstring(result.stdout).get("failures") == "1"  # noqa: S314 - ours
        case _:
            assert TAGGED in result.stdout.replace("&#58;", ":")


def test_annotations_stand_at_the_line_of_the_image(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    result = cocket("check", "--offline", "-o", "github", file)

    assert f"::error file={file},line=9," in result.stdout


def test_verbose_shows_what_passed(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=PINNED))

    assert "✓ digest" not in cocket("check", "--offline", file).stdout
    assert "✓ digest" in cocket("check", "--offline", "-v", file).stdout
