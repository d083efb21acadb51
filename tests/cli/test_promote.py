"""`cocket promote` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.promotions import BARE, WEB, with_layer, world
from tests.cli.runs import cocket, process
from tests.promote.keys import KINDS, write_key
from webhook.demo.faults import Fault
from webhook.demo.images import sha256
from webhook.demo.pushes import Pushes


def test_a_source_whose_connections_break_again_and_again_is_not_left_alone(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as one:
        one.registry.pushes = Pushes(mounts=False)
        layer = bytes(30 * 1024 * 1024)
        built = with_layer(WEB, layer)
        source = one.source(built)
        place = f"/v2/preprod/web/blobs/{sha256(layer)}"
        one.registry.fault(place, *(Fault(method="GET", cut=5 * 1024 * 1024) for _ in range(5)))

        result = one.promote(source)

        assert result.exit_code == 0, result.stderr
        assert one.target(built) in result.stdout


def test_it_prints_the_name_to_deploy_and_nothing_else(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        done = asked.promote(asked.source(WEB), "--tag", "1.1")

        assert (done.exit_code, done.stdout) == (0, f"{asked.target(WEB, '1.1')}\n")
        assert "evidence sha256:" in done.stderr
        assert "no policy counts it" in done.stderr
        assert asked.registry.repositories["prod/web"].tags == {"1.1": WEB.digest}


def test_what_the_policy_refuses_is_not_copied(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        done = asked.promote(asked.source(BARE))

        assert (done.exit_code, done.stdout) == (1, "")
        assert "is not promoted: production: provenance: label" in done.stderr
        assert "production: init: PID 1 would be" in done.stderr
        assert "registry:" not in done.stderr
        assert "prod/web" not in asked.registry.repositories


def test_what_a_policy_only_notes_is_noted(tmp_path: Path) -> None:
    with world(tmp_path, mode="audit") as asked:
        done = asked.promote(asked.source(BARE))
        quiet = asked.promote(asked.source(BARE), "-q")

        assert (done.exit_code, done.stdout) == (0, f"{asked.target(BARE)}\n")
        assert "note: production: init: PID 1 would be" in done.stderr
        assert (quiet.exit_code, quiet.stderr) == (0, "")


def test_registries_alone_are_checked_with_the_built_in_policy(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        documents = asked.policy.read_text().split("---\n")
        asked.policy.write_text("---\n".join(documents[:2]))

        done = asked.promote(asked.source(BARE))

        assert done.exit_code == 1
        assert "default: provenance" in done.stderr


def test_a_tag_is_refused_unless_it_may_be_resolved(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        asked.source(WEB)
        name = f"{asked.registry.host}/preprod/web:118"

        refused = asked.promote(name)
        done = asked.promote(name, "--resolve")

        assert refused.exit_code == 2
        assert "is a tag, and tags move" in refused.stderr
        assert (done.exit_code, done.stdout) == (0, f"{asked.target(WEB)}\n")
        assert f"118 is {WEB.digest} now" in done.stderr


def test_json_tells_what_was_done(tmp_path: Path) -> None:
    key = write_key(tmp_path, KINDS["Ed25519"])
    with world(tmp_path) as asked:
        done = asked.promote(asked.source(WEB), "-o", "json", "-q", "--key", key)
        again = asked.promote(asked.source(WEB), "-o", "json", "-q", "--key", key)

        said = json.loads(done.stdout)
        assert said["image"] == asked.target(WEB)
        assert said["digest"] == WEB.digest
        assert said["blobs"] == {"copied": 2, "bytes": len(WEB.config) + 32, "present": 0}
        assert said["evidence"]["signedBy"].startswith("sha256:")
        repeated = json.loads(again.stdout)
        assert repeated["evidence"] == said["evidence"]
        assert repeated["blobs"] == {"copied": 0, "bytes": 0, "present": 2}


def test_evidence_says_which_build_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILD_URL", "https://ci.example.com/118/")
    monkeypatch.setenv("BUILD_NUMBER", "118")
    with world(tmp_path) as asked:
        done = asked.promote(
            asked.source(WEB), "-o", "json", "--commit", "4f9d6c1", "--by", "jenkins"
        )

        held = asked.registry.repositories["prod/web"]
        evidence = held.manifests[json.loads(done.stdout)["evidence"]["manifest"]]
        layer = json.loads(evidence.body)["layers"][0]["digest"]
        predicate = json.loads(held.blobs[layer])["predicate"]
        assert predicate["build"] == {
            "url": "https://ci.example.com/118/",
            "number": "118",
            "commit": "4f9d6c1",
        }
        assert predicate["promotedBy"] == "jenkins"
        assert predicate["checks"] == [
            {"policy": "production", "rule": rule, "outcome": "pass"}
            for rule in ("digest", "provenance", "init")
        ]


def test_no_evidence_is_left_where_none_is_wanted(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        asked.promote(asked.source(WEB), "--no-evidence")

        assert list(asked.registry.repositories["prod/web"].manifests) == [WEB.digest]


def test_a_registry_that_does_not_do_it_is_another_exit_code(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        asked.registry.pushes = None

        done = asked.promote(asked.source(WEB))

        assert (done.exit_code, done.stdout) == (3, "")
        assert "405 UNSUPPORTED" in done.stderr


@pytest.mark.parametrize(
    ("to", "more", "why"),
    [
        ("pord", (), "names no Registry (there are: preprod, prod)"),
        ("prod", ("--tag", "a b"), "is no tag"),
        ("preprod", (), "where the image is already"),
    ],
)
def test_wrong_arguments_ask_nobody(
    tmp_path: Path, to: str, more: tuple[str, ...], why: str
) -> None:
    with world(tmp_path) as asked:
        source = asked.source(WEB)

        done = asked.promote(source, *more, to=to)

        assert done.exit_code == 2
        assert why in done.stderr
        assert asked.registry.lines() == []


def test_what_was_promoted_passes_the_rule_that_asks_for_it(tmp_path: Path) -> None:
    key = write_key(tmp_path, KINDS["ECDSA P-256"])
    pem = KINDS["ECDSA P-256"].public_key().public_bytes
    public = pem(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    rules = {"promotion": {"accept": ["evidence"], "keys": [public]}}
    with world(tmp_path, rules=rules) as asked:
        documents = asked.policy.read_text()
        asked.policy.write_text(documents.replace('"env": "prod"', ""))
        pod = tmp_path / "pod.yaml"
        spec = {"containers": [{"name": "app", "image": asked.target(WEB)}]}
        pod.write_text(
            json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w"}, "spec": spec})
        )
        asked.registry.add("prod/web", WEB)

        before = cocket("check", "--policy", asked.policy, pod)
        asked.promote(asked.source(WEB), "--key", key)
        after = cocket("check", "--policy", asked.policy, pod)

        assert (before.exit_code, after.exit_code) == (1, 0)
        assert "it was not promoted: no evidence is attached to it." in before.stdout


def test_how_a_pod_will_be_stopped_is_not_asked_of_an_image(tmp_path: Path) -> None:
    rules = {"provenance": {}, "stop": {"minGraceSeconds": 600}}
    with world(tmp_path, rules=rules) as asked:
        assert asked.promote(asked.source(WEB)).exit_code == 0


def test_a_pipe_gets_the_name_and_no_progress(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        done = process("promote", asked.source(WEB), "--to", "prod", "--policy", asked.policy, "-q")

        assert done.stdout.decode() == f"{asked.target(WEB)}\n"
        assert done.stderr == b""
