"""What processes cost: memory, processor time, bytes from the network, and what etcd holds."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.e2e.control_plane import ControlPlane

_TICKS = os.sysconf("SC_CLK_TCK")
_RECEIVED = struct.Struct("Q")
_RECEIVED_AT = 128
"""Where `struct tcp_info` of Linux has `tcpi_bytes_received`."""
_SECONDS = 120.0
_FACTS = b"/registry/cocket.dev/imagefacts/"


def megabytes(pid: int | str, what: str = "VmRSS") -> float:
    """Memory of a process: `VmRSS` now, `VmHWM` at most."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"/proc/{pid}/status has no {what}")


def processor_seconds(pid: int) -> float:
    """Seconds that a process has computed until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Wire:
    """Counts what this process receives over TCP, TLS included; look at it now and then."""

    def __init__(self) -> None:
        self._by_socket: dict[str, int] = {}

    @property
    def received(self) -> int:
        """Bytes until the last look."""
        return sum(self._by_socket.values())

    def look(self) -> None:
        """Ask the kernel about every connection that is open."""
        for entry in Path("/proc/self/fd").iterdir():
            try:
                name = os.readlink(entry)  # noqa: PTH115 - it is no path
                if not name.startswith("socket:"):
                    continue
                with socket.socket(fileno=os.dup(int(entry.name))) as one:
                    if one.family != socket.AF_INET or one.type != socket.SOCK_STREAM:
                        continue
                    told = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            except OSError:
                continue  # closed meanwhile
            self._by_socket[name] = _RECEIVED.unpack_from(told, _RECEIVED_AT)[0]


class Etcd:
    """The etcd of a control plane, asked through its own JSON gateway."""

    def __init__(self, plane: ControlPlane) -> None:
        """It must be running."""
        pid = plane.processes.started["etcd"].pid
        flags = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
        self._url = next(
            flag.partition("=")[2] for flag in flags if flag.startswith("--advertise-client-urls=")
        )

    def bytes_used(self) -> int:
        """Bytes of the database, after all history and all holes are gone."""
        version = self._ask("/v3/kv/range", {"key": _base64(b"/")})["header"]["revision"]
        self._ask("/v3/kv/compaction", {"revision": version, "physical": True})
        self._ask("/v3/maintenance/defragment", {})
        return self.bytes_now()

    def bytes_now(self) -> int:
        """Bytes of the database in use, history included."""
        with urllib.request.urlopen(f"{self._url}/metrics", timeout=_SECONDS) as answer:  # noqa: S310 - loopback
            for line in answer.read().decode().splitlines():
                if line.startswith("etcd_mvcc_db_total_size_in_use_in_bytes "):
                    return int(float(line.split()[1]))
        raise SystemExit("etcd does not tell its size")

    def stored(self, limit: int) -> list[tuple[bytes, bytes]]:
        """Key and value of some of the ImageFacts."""
        asked = {"key": _base64(_FACTS), "range_end": _base64(_FACTS[:-1] + b"0"), "limit": limit}
        found = self._ask("/v3/kv/range", asked).get("kvs", [])
        return [(base64.b64decode(one["key"]), base64.b64decode(one["value"])) for one in found]

    def put(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Write them in one transaction."""
        operations = [
            {"requestPut": {"key": _base64(key), "value": _base64(value)}} for key, value in pairs
        ]
        self._ask("/v3/kv/txn", {"success": operations})

    def _ask(self, path: str, body: object) -> Any:
        content = json.dumps(body).encode()
        with urllib.request.urlopen(self._url + path, content, timeout=_SECONDS) as answer:  # noqa: S310 - loopback
            return json.load(answer)


def _base64(text: bytes) -> str:
    return base64.b64encode(text).decode()
