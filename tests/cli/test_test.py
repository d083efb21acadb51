"""`cocket test`: files to endings, exit codes and formats; nothing untested ever passes."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent
from xml.etree import ElementTree as ET

import pytest

from tests.builders import LABELS
from tests.cli.checking import PINNED, TAGGED, pod, policy, write
from tests.cli.runs import cocket, process

EXAMPLES = Path(__file__).parents[2] / "examples"
REFUSED = "{verdict: refused, fails: [digest]}"


def document(*tests: str, name: str = "main", more: str = "") -> str:
    """A PolicyTest; `more` is lines of its spec."""
    lines = "".join(f"  {line}\n" for line in more.splitlines())
    return (
        "apiVersion: cocket.dev/v1alpha1\nkind: PolicyTest\n"
        f"metadata: {{name: {name}}}\nspec:\n  policies: [policies]\n{lines}"
        "  tests:\n" + "".join(tests)
    )


def entry(expect: str = REFUSED, *, name: str = "one", what: str = "files: [web.yaml]") -> str:
    return f"    - name: {name}\n      {what}\n      expect: {expect}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy, a Pod with a tag, and nothing else."""
    (tmp_path / "policies").mkdir()
    write(tmp_path / "policies" / "digest.yaml", policy())
    write(tmp_path / "web.yaml", pod(app=TAGGED))
    return tmp_path


def run(folder: Path, text: str, *more: str) -> tuple[int, str, str]:
    write(folder / "cocket-test.yaml", text)
    result = cocket("test", *more, folder)
    return result.exit_code, result.stdout.replace(f"{folder}/", ""), result.stderr


def test_the_examples_pass() -> None:
    result = cocket("test", "-o", "json", EXAMPLES)
    found = json.loads(result.stdout)

    assert result.exit_code == 0, result.stdout
    assert result.stderr == ""
    assert found["summary"]["passed"] == len(found["tests"]) >= 10
    assert {one["suite"] for one in found["tests"]} == {
        path.stem for path in (EXAMPLES / "policies").glob("*.yaml")
    }


def test_a_verdict_as_expected_passes(folder: Path) -> None:
    assert run(folder, document(entry())) == (
        0,
        "✓ cocket-test.yaml:7: main: one (1 object)\n1 test: 1 passed, 0 failed\n",
        "",
    )


def test_another_verdict_fails_and_the_findings_say_why(folder: Path) -> None:
    code, out, _ = run(folder, document(entry("{verdict: allowed}")))

    assert code == 1
    head, problem, finding, total = out.splitlines()
    assert head == "✗ cocket-test.yaml:7: main: one (1 object)"
    assert problem == "    Pod shop/web: expected allowed, got refused"
    assert finding.startswith("        Pod shop/web: digest fail (enforce): container ")
    assert total == "1 test: 0 passed, 1 failed"


def test_every_object_must_be_as_expected(folder: Path) -> None:
    write(folder / "web.yaml", pod(app=TAGGED) + "---\n" + pod("good", app=PINNED))
    code, out, _ = run(folder, document(entry()))

    assert code == 1
    assert "Pod shop/good: expected refused, got allowed" in out
    assert "Pod shop/web: expected" not in out


def test_of_several_objects_some_are_chosen(folder: Path) -> None:
    write(folder / "web.yaml", pod(app=TAGGED) + "---\n" + pod("good", app=PINNED))
    what = "files: [web.yaml]\n      select: {name: web}"

    assert run(folder, document(entry(what=what)))[0] == 0


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        (
            entry(what="files: [web.yaml]\n      select: {kind: Job}"),
            "no object is selected by kind Job; there are: Pod shop/web",
        ),
        (entry(what="files: [gone.yaml]"), "gone.yaml: No such file or directory"),
        (
            entry(what="files: [policies]"),
            "no object in the files names an image, so nothing is judged",
        ),
        (
            entry(what="object: {apiVersion: v1, kind: ConfigMap}"),
            "the object names no image, so nothing is judged",
        ),
        (
            entry(what="object: {apiVersion: v1, kind: Pod, spec: {containers: [{image: 1}]}}"),
            "cocket-test.yaml:8: spec.containers[0].image: expected a string, got 1",
        ),
        (entry(what="files: ['-']"), "-: No such file"),
    ],
)
def test_what_judges_nothing_is_an_error(folder: Path, tests: str, said: str) -> None:
    code, out, _ = run(folder, document(tests))

    assert code == 2
    assert out.startswith("! cocket-test.yaml:7: main: one\n")
    assert said in out


def test_what_no_policy_covers_passes_only_if_that_is_expected(folder: Path) -> None:
    selected = policy(more="namespaceSelector: {matchLabels: {env: prod}}")
    write(folder / "policies" / "digest.yaml", selected)
    tests = document(
        entry("{verdict: allowed}", name="vacuous"),
        entry("{fails: []}", name="vacuous too"),
        entry("{verdict: uncovered}", name="said"),
    )
    code, out, _ = run(folder, tests)

    assert code == 2
    assert [line[:1] for line in out.splitlines() if line[:1] != " "] == ["!", "!", "✓", "3"]
    assert "write the labels of its namespace in spec.namespaces" in out


def test_the_test_says_which_labels_a_namespace_has(folder: Path) -> None:
    selected = policy(more="namespaceSelector: {matchLabels: {env: prod}}")
    write(folder / "policies" / "digest.yaml", selected)

    assert run(folder, document(entry(), more="namespaces: {shop: {env: prod}}"))[0] == 0


def test_a_namespace_among_the_objects_counts_too(folder: Path) -> None:
    selected = policy(more="namespaceSelector: {matchLabels: {env: prod}}")
    write(folder / "policies" / "digest.yaml", selected)
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n"
    write(folder / "web.yaml", pod(app=TAGGED) + "---\n" + namespace)

    assert run(folder, document(entry()))[0] == 0


def test_images_are_what_the_test_says(folder: Path) -> None:
    write(folder / "policies" / "digest.yaml", policy(rules="init: {}, provenance: {}"))
    write(folder / "web.yaml", pod(app=PINNED))
    labels = "".join(f'      {key}: "{value}"\n' for key, value in LABELS.items())
    images = f"images:\n  - image: {PINNED}\n    entrypoint: [/sbin/tini]\n    labels:\n{labels}"

    assert run(folder, document(entry("{verdict: allowed, fails: []}"), more=images))[0] == 0


def test_facts_files_are_read(folder: Path) -> None:
    write(folder / "policies" / "digest.yaml", policy(rules="init: {}"))
    write(folder / "web.yaml", pod(app=PINNED))
    config = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/sbin/tini"]}}
    write(folder / "facts.jsonl", json.dumps({"image": PINNED, "config": config}))
    tests = document(entry("{verdict: allowed}"), more="facts: [facts.jsonl]")

    assert run(folder, tests)[0] == 0


def test_two_entries_that_contradict_each_other_are_an_error(folder: Path) -> None:
    more = f"images:\n  - {{image: {PINNED}}}\n  - {{image: {PINNED}, unknown: offline}}"
    code, out, _ = run(folder, document(entry(), more=more))

    assert code == 2
    assert "PolicyTest main: spec.images: two entries say different things of" in out


def test_the_time_is_what_the_test_says(folder: Path) -> None:
    exception = (
        "apiVersion: cocket.dev/v1alpha1\nkind: ImageException\n"
        "metadata: {name: late, namespace: security, creationTimestamp: 2026-01-01T00:00:00Z}\n"
        "spec: {rules: [digest], namespaces: [shop], image: registry.example.com/prod/web, "
        "reason: soon, expires: 2026-02-01T00:00:00Z}\n"
    )
    write(folder / "policies" / "late.yaml", exception)
    found = "{verdict: warned, findings: [{rule: digest, outcome: fail, exception: security/late}]}"

    early = run(folder, document(entry(found), more="now: 2026-01-15T00:00:00Z"))
    late = run(folder, document(entry(found), more="now: 2026-03-01T00:00:00Z"))
    quiet = run(folder, document(entry(), more="now: 2026-03-01T00:00:00Z"), "--quiet")

    assert (early[0], early[2]) == (0, "")
    assert late[0] == 1
    assert "late.yaml:4: ImageException security/late: spec.expires: it has expired" in late[2]
    assert (quiet[0], quiet[2]) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cocket-test.yaml: no test could be run\n    there is no document in it"),
        ("a: [", "cocket-test.yaml: no test could be run"),
        (pod(app=TAGGED), "kind: expected PolicyTest, got Pod"),
        (document(entry("{}")), "PolicyTest main: spec.tests[0].expect: it expects nothing"),
        (document(entry(), more="facts: [gone]"), "gone: cannot be read"),
    ],
)
def test_a_document_that_cannot_be_read_is_an_error_of_its_own(
    folder: Path, text: str, said: str
) -> None:
    write(folder / "good-cocket-test.yaml", document(entry(), name="good"))
    code, out, _ = run(folder, text)

    assert code == 2
    assert said in out
    assert "main: one" not in out
    assert "✓ good-cocket-test.yaml:7: good: one (1 object)" in out


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (policy(rules="digset: {}"), "digest.yaml:5: ClusterImagePolicy test: spec.rules.digset"),
        (
            policy()
            .replace("ClusterImagePolicy", "Registry")
            .replace("rules: {digest: {}}", "host: a.b"),
            "there is no ClusterImagePolicy",
        ),
    ],
)
def test_a_policy_that_cannot_be_used_is_an_error(folder: Path, written: str, said: str) -> None:
    write(folder / "policies" / "digest.yaml", written)
    code, out, _ = run(folder, document(entry()))

    assert code == 2
    assert "! cocket-test.yaml:1: main\n" in out
    assert said in out


def test_tests_may_lie_beside_their_policies(folder: Path) -> None:
    write(
        folder / "policies" / "cocket-test.yaml",
        document(entry(what="files: [../web.yaml]")).replace("[policies]", "[.]"),
    )

    assert cocket("test", folder / "policies").exit_code == 0


def test_a_folder_without_tests_and_a_path_that_is_not_there_are_errors(folder: Path) -> None:
    none, gone = cocket("test", folder), cocket("test", folder / "gone.yaml")

    assert none.exit_code == gone.exit_code == 2
    assert "has a name that ends in cocket-test.yaml, so nothing would be tested" in none.stderr
    assert "gone.yaml: No such file or directory" in gone.stdout


def test_a_file_that_is_named_itself_may_have_any_name_and_runs_once(folder: Path) -> None:
    file = write(folder / "mine.yaml", document(entry()))

    assert cocket("test", file, file).stdout.count("✓") == 1


def test_what_tests_know_does_not_mix(folder: Path) -> None:
    second = document(entry(), name="second", more="namespaces: {shop: {env: prod}}")

    assert run(folder, document(entry()) + "---\n" + second)[0] == 0


def test_junit_is_for_ci(folder: Path) -> None:
    code, out, _ = run(
        folder, document(entry(), entry("{verdict: allowed}", name="two")), "-ojunit"
    )
    root = ET.fromstring(out)  # noqa: S314 - ours

    assert code == 1
    assert [len(case) for case in root.iter("testcase")] == [0, 1]


def test_a_pipe_gets_no_colours_and_the_help_shows_a_whole_test(folder: Path) -> None:
    write(folder / "cocket-test.yaml", document(entry()))
    done = process("test", folder)
    shown = cocket("test", "--help").stdout.partition("policies/cocket-test.yaml:\n")[2]
    example = shown.partition("\n\n")[0].replace("\n  ", "\n")[2:]
    write(
        folder / "cocket-test.yaml",
        example.replace("production.yaml", "policies").replace("../objects/", ""),
    )

    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert cocket("test", folder).exit_code == 0, indent(example, "> ")
