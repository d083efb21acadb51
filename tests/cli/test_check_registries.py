"""`cocket check`: what is asked of registries, and what never is."""

from __future__ import annotations

import json
from pathlib import Path

from tests.builders import LABELS
from tests.cli.checking import ENFORCE, TAGGED, UNKNOWN_WARN, pod, policy, verdicts, write
from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import cocket, process
from webhook.demo.faults import Fault
from webhook.demo.images import image


def test_images_are_looked_up_once_each_where_a_registry_is_configured(tmp_path: Path) -> None:
    built = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels=LABELS)
    with registry_in_thread() as registry:
        digest = registry.add("prod/web", built, tag="1.0")
        pinned = f"{registry.host}/prod/web@{digest}"
        manifests = "---\n".join(pod(f"web-{number}", app=pinned) for number in range(20))
        registries = reachable(registry, tmp_path)
        rules = write(
            tmp_path / "policy.yaml",
            policy(rules="digest: {}, provenance: {}, init: {}", more="onUnknown: deny"),
        )
        file = write(tmp_path / "web.yaml", manifests)
        result = cocket("check", "--policy", rules, "--policy", registries, "-o", "json", file)
        asked = registry.lines()

    assert result.exit_code == 0
    assert json.loads(result.stdout)["summary"]["allowed"] == 20
    assert len([line for line in asked if "/manifests/" in line]) == 1
    assert len([line for line in asked if "/blobs/" in line]) == 1


def test_the_fix_of_a_tag_names_the_digest_it_has_now(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        digest = registry.add("prod/web", image(cmd=["/app"]), tag="1.0")
        rules = write(tmp_path / "policy.yaml", ENFORCE)
        file = write(tmp_path / "web.yaml", pod(app=f"{registry.host}/prod/web:1.0"))
        result = cocket(
            *("check", "--policy", rules, "--policy", reachable(registry, tmp_path), file)
        )

    assert result.exit_code == 1
    assert f"/prod/web:1.0@{digest}" in result.stdout


def test_offline_asks_nobody(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        registry.add("prod/web", image(cmd=["/app"]), tag="1.0")
        file = write(tmp_path / "web.yaml", pod(app=f"{registry.host}/prod/web:1.0"))
        registries = reachable(registry, tmp_path)
        rules = write(tmp_path / "policy.yaml", UNKNOWN_WARN)
        result = cocket(
            *("check", "--offline", "--policy", registries, "--policy", rules, "-o", "json", file)
        )
        asked = registry.lines()

    (verdict,) = verdicts(result.stdout)
    assert {one["reason"] for one in verdict["findings"]} == {"offline"}
    assert asked == []


def test_a_registry_that_nobody_configured_is_never_asked(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        file = write(tmp_path / "web.yaml", pod(app=f"{registry.host}/prod/web:1.0"))
        result = cocket("check", "-o", "json", file)
        asked = registry.lines()

    (verdict,) = verdicts(result.stdout)
    assert {one["reason"] for one in verdict["findings"]} == {None, "not-configured"}
    assert asked == []


def test_the_budget_ends_a_run_against_a_registry_that_hangs(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        registry.fault("*", Fault(delay=30), times=100)
        manifests = "---\n".join(
            pod(f"web-{number}", app=f"{registry.host}/prod/web:v{number}") for number in range(40)
        )
        file = write(tmp_path / "web.yaml", manifests)
        rules = write(tmp_path / "policy.yaml", UNKNOWN_WARN)
        registries = reachable(registry, tmp_path)
        options = ("--policy", registries, "--policy", rules, "--timeout", "0.5", "-o", "json")
        result = cocket("check", *options, file)

    reasons = {one["reason"] for verdict in verdicts(result.stdout) for one in verdict["findings"]}
    assert result.exit_code == 3
    assert reasons == {"timed-out"}


def test_offline_loads_no_network_code(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    done = process("check", "--offline", file, python=("-X", "importtime"))

    imported = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert done.returncode == 1
    assert "webhook.engine" in imported
    assert imported.isdisjoint({"aiohttp", "rich", "webhook.registry.client"})
