from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.builders import DIGEST
from tests.cli.promotions import WEB, world
from tests.cli.runs import cocket

if TYPE_CHECKING:
    from pathlib import Path


def test_resolve_prints_names_with_digests(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        asked.source(WEB)
        name = f"{asked.registry.host}/preprod/web"

        done = cocket(
            "resolve", "--policy", asked.policy, f"{name}:118", f"nginx@{DIGEST}", "-",
            stdin=f"{name}:118\n",
        )  # fmt: skip

        line = f"{name}:118@{WEB.digest}"
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [line, f"docker.io/library/nginx@{DIGEST}", line]


def test_resolve_tells_which_name_nobody_knows(tmp_path: Path) -> None:
    with world(tmp_path) as asked:
        asked.source(WEB)
        name = f"{asked.registry.host}/preprod/web"

        done = cocket(
            "resolve", "--policy", asked.policy, "-o", "json", f"{name}:1", f"{name}:118", "A b"
        )

        missing, good, invalid = json.loads(done.stdout)
        assert done.exit_code == 1
        assert (good["image"], good["error"]) == (f"{name}:118@{WEB.digest}", None)
        assert missing["error"].startswith("not-found: ")
        assert "no image reference may have" in invalid["error"]
