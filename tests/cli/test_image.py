"""`cocket image`: what a name means, and what its registry says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.attesting import noted
from tests.builders import DIGEST, LABELS, REVISION
from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import cocket, process
from webhook.demo.images import image

DATA = Path(__file__).parents[1] / "data"
NETWORK = ("aiohttp", "webhook.registry.client")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_reference_of_the_grammar_is_read_as_docker_reads_it() -> None:
    known = json.loads((DATA / "image-references.json").read_text(encoding="utf-8"))
    result = cocket(
        "image",
        "--offline",
        "-o",
        "jsonl",
        "-",
        stdin="".join(f"{one['input']}\n" for one in known),
    )

    assert len(known) > 150
    for said, expected in zip(lines(result.stdout), known, strict=True):
        assert said["input"] == expected["input"]
        if "error" in expected:
            assert set(said) == {"input", "error"}
        else:
            assert said == {
                "input": expected["input"],
                "registry": expected["domain"],
                "repository": expected["path"],
                "tag": expected["tag"],
                "digest": expected["digest"],
            }


def test_json_is_one_document_with_a_name_a_line() -> None:
    result = cocket("image", "--offline", "-o", "json", "nginx:1.25", "NGINX")

    good, bad = json.loads(result.stdout)
    assert good == {
        "input": "nginx:1.25",
        "registry": "docker.io",
        "repository": "library/nginx",
        "tag": "1.25",
        "digest": None,
    }
    assert bad["input"] == "NGINX"
    assert set(bad) == {"input", "error"}
    assert len(result.stdout.splitlines()) == 4


def test_no_name_at_all_is_an_empty_document() -> None:
    assert json.loads(cocket("image", "--offline", "-o", "json", "-").stdout) == []
    assert cocket("image", "--offline", "-o", "jsonl", "-").stdout == ""
    assert cocket("image", "--offline", "-").stdout == ""


def test_the_table_has_a_paragraph_for_each_name() -> None:
    result = cocket("image", "--offline", "nginx:1.25", f"ghcr.io/acme/web@{DIGEST}")

    assert result.stdout == (
        "nginx:1.25\n"
        "  registry    docker.io\n"
        "  repository  library/nginx\n"
        "  tag         1.25\n"
        "\n"
        f"ghcr.io/acme/web@{DIGEST}\n"
        "  registry    ghcr.io\n"
        "  repository  acme/web\n"
        f"  digest      {DIGEST}\n"
    )


@pytest.mark.parametrize(
    ("names", "code"), [(["nginx"], 0), (["nginx", "NGINX"], 1), (["NGINX", "nginx"], 1)]
)
def test_an_invalid_name_anywhere_gives_1(names: list[str], code: int) -> None:
    assert cocket("image", "--offline", *names).exit_code == code


def test_offline_touches_no_network_code() -> None:
    done = process("image", "--offline", "-o", "jsonl", "nginx", python=("-X", "importtime"))

    imported = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "webhook.cli.names" in imported
    assert imported.isdisjoint(NETWORK)


def test_what_annotations_say_is_told_beside_the_labels(tmp_path: Path) -> None:
    labels = {"org.opencontainers.image.revision": "c3d4e5f6a7b8"}
    built = noted(
        image(cmd=["/app"], labels=labels), revision=REVISION, created="2026-11-20T08:00:00Z"
    )
    with registry_in_thread() as registry:
        registry.add("prod/web", built, tag="1.0")
        name = f"{registry.host}/prod/web:1.0"
        result = cocket("image", "--policy", reachable(registry, tmp_path), name)

    assert result.exit_code == 0
    assert "  commit      c3d4e5f6a7b8\n" in result.stdout
    assert "  built       2026-11-20T08:00:00Z  (by an annotation)\n" in result.stdout
    assert (
        "  disputed    the label says commit c3d4e5f6a7b8, the annotation says 4f9d6c1e2b3a…\n"
    ) in result.stdout
    assert f"  annotation  org.opencontainers.image.revision={REVISION}\n" in result.stdout


def test_what_the_registry_says_is_told(tmp_path: Path) -> None:
    built = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels=LABELS)
    with registry_in_thread() as registry:
        digest = registry.add("prod/web", built, tag="1.0")
        result = cocket(
            "image",
            "--policy",
            reachable(registry, tmp_path),
            "-o",
            "jsonl",
            f"{registry.host}/prod/web:1.0",
            f"{registry.host}/prod/web:2.0",
            "NO NAME",
        )

    found, missing, invalid = lines(result.stdout)
    assert result.exit_code == 1
    assert found["now"] == digest
    (platform,) = found["platforms"]
    assert platform["commit"] == REVISION
    assert platform["labels"] == LABELS
    assert platform["entrypoint"] == ["/sbin/tini", "--"]
    assert platform["pid1"] == "init tini: /sbin/tini -- /app"
    assert missing["tag"] == "2.0"
    assert missing["unknown"]["reason"] == "not-found"
    assert set(invalid) == {"input", "error"}


def test_every_answer_stands_where_its_name_stood(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        for number in range(40):
            registry.add("prod/web", image(labels={"number": str(number)}), tag=f"v{number}")
        names = [f"{registry.host}/prod/web:v{number}" for number in range(40)]
        result = cocket(
            "image",
            "--policy",
            reachable(registry, tmp_path),
            "-o",
            "jsonl",
            "-",
            stdin="\n".join(names),
        )

    said = lines(result.stdout)
    assert result.exit_code == 0
    assert [one["input"] for one in said] == names
    assert [one["platforms"][0]["labels"]["number"] for one in said] == [
        str(number) for number in range(40)
    ]


def test_a_private_address_is_not_asked_unless_a_registry_allows_it() -> None:
    with registry_in_thread() as registry:
        result = cocket("image", "-o", "jsonl", f"{registry.host}/prod/web:1.0")
        asked = registry.lines()

    (said,) = lines(result.stdout)
    assert result.exit_code == 1
    assert said["unknown"]["reason"] == "unreachable"
    assert asked == []


def test_facts_from_a_file_need_no_network(tmp_path: Path) -> None:
    facts = tmp_path / "facts.jsonl"
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/app"], "Labels": LABELS}}
    facts.write_text(
        json.dumps({"image": "ghcr.io/acme/web:1.0", "config": config}), encoding="utf-8"
    )
    result = cocket(
        *("image", "--offline", "--facts", facts, "-o", "jsonl"),
        *("ghcr.io/acme/web:1.0", "ghcr.io/acme/web:2.0"),
    )

    found, missing = lines(result.stdout)
    assert result.exit_code == 1
    assert found["platforms"][0]["commit"] == REVISION
    assert found["now"] is None
    assert missing["unknown"]["reason"] == "offline"


@pytest.mark.parametrize("option", ["--policy", "--facts"])
def test_a_file_that_cannot_be_read_ends_with_2(option: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("{", encoding="utf-8")
    result = cocket("image", option, broken, "nginx")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert str(broken) in result.stderr
