"""Real Dockerfiles: what they start, read here and as their images say it."""

from __future__ import annotations

import json
from pathlib import Path

from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.stages import read_build

CORPUS = Path(__file__).parents[1] / "data" / "images" / "dockerfile-entrypoints.jsonl"
SHELL_OF_ITS_BASE = {"CMD '/run.sh'"}
"""Its base has a SHELL of its own, which stands in no Dockerfile but that of the base."""


def test_entrypoint_and_cmd_are_read_as_builders_wrote_them() -> None:
    compared = 0
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        instructions = row["instructions"]
        text = "FROM base\n" + "\n".join(instructions) + "\n"
        says = read_build(read_dockerfile(text, "Dockerfile"), "Dockerfile").final.says
        if SHELL_OF_ITS_BASE & set(instructions):
            continue
        for mine, theirs in ((says.entrypoint, row["Entrypoint"]), (says.cmd, row["Cmd"])):
            if mine is not None:
                compared += 1
                assert list(mine) == (theirs or []), f"{row['repo']}:{row['path']}"

    assert compared > 700
