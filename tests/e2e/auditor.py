"""`cocket` as a person runs it: with the rights that a page names, and no others."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.e2e.cockets import COCKET
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from tests.e2e.server import ApiServer

PAGES = Path(__file__).parents[2] / "docs"
_SECONDS = 60.0


def rights(page: str) -> dict[str, Any]:
    """The ClusterRole on a page."""
    text = (PAGES / page).read_text("utf-8")
    [role] = re.findall(r"```yaml\n(apiVersion: rbac.*?)```", text, re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(role)
    return found


def granted(server: ApiServer, namespace: str, account: str, page: str) -> str:
    """Make somebody who has the rights on a page, and no others; gives the user's name."""
    user = server.create_account(namespace, account)
    role = rights(page)
    name = role["metadata"]["name"]
    subject = {"kind": "ServiceAccount", "namespace": namespace, "name": account}
    server.apply(
        role,
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{namespace}-{account}"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": name,
            },
            "subjects": [subject],
        },
    )
    wait_until(lambda: server.ask("GET", "/api/v1/pods?limit=1", user=user)[0] == 200, "rights")
    return user


class Auditor:
    """Somebody with the page's rights and a kubeconfig."""

    def __init__(self, server: ApiServer, namespace: str) -> None:
        self.namespace = namespace
        self.kubeconfig = server.kubeconfig(granted(server, namespace, "auditor", "audit.md"))

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Audit; no registry is asked."""
        command = [COCKET, "audit", "--offline", "--kubeconfig", self.kubeconfig, *arguments]
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True, timeout=_SECONDS, check=False
        )

    def audit(self, *arguments: str | Path) -> dict[str, Any]:
        """The document about the auditor's namespace."""
        done = self.run("-o", "json", "-n", self.namespace, *arguments)
        assert done.returncode in {0, 1, 3}, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def owners(self, *arguments: str | Path) -> dict[str, dict[str, Any]]:
        """What was found, by `Kind/name` of the owner."""
        found = self.audit(*arguments)
        assert found["missing"] == [], found["missing"]
        return {f"{one['owner']['kind']}/{one['owner']['name']}": one for one in found["owners"]}
