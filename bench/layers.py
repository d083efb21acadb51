"""Reading layers beside plain zlib, in one process and in turn: `python -m bench.layers`."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import statistics
import sys
import tarfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from webhook.layers.limits import Limits
from webhook.layers.one_layer import OneLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BITE = 512 * 1024
_ROUNDS = 3
_MB = 1e6
_MOST = 150 * 1024 * 1024


def packed(folder: Path) -> tuple[Path, int]:
    """This machine's programs as a layer on disk, and the bytes that it unfolds to."""
    path = Path("build/layer.tar.gz")
    path.parent.mkdir(exist_ok=True)
    packer = zlib.compressobj(6, wbits=31)
    size = 0
    with path.open("wb") as file:

        class Sink(io.RawIOBase):
            def write(self, data: object) -> int:
                nonlocal size
                body = bytes(data)  # type: ignore[call-overload]
                size += len(body)
                file.write(packer.compress(body))
                return len(body)

        with tarfile.open(fileobj=Sink(), mode="w|", format=tarfile.GNU_FORMAT) as archive:
            for place, _, names in os.walk(folder):
                for name in names:
                    if size < _MOST:
                        archive.add(Path(place) / name, recursive=False)
        file.write(packer.flush())
    return path, size


def bites(path: Path) -> Iterator[bytes]:
    """The stored layer, as it would come from a registry."""
    with path.open("rb") as file:
        while bite := file.read(_BITE):
            yield bite


def plain(path: Path) -> None:
    """Unpack, and do nothing else."""
    unpacker = zlib.decompressobj(wbits=31)
    for bite in bites(path):
        left = bite
        while left:
            unpacker.decompress(left, 1024 * 1024)
            left = unpacker.unconsumed_tail


def ours(path: Path, digest: str) -> None:
    """Read the layer."""
    reading = OneLayer(digest, Limits(), unpacked=1 << 40)
    for bite in bites(path):
        reading.feed(bite)
    assert reading.close().entries


def seconds(work: Callable[[], None]) -> float:
    """Processor seconds of this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Measure in turn, and print medians."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr")
    path, size = packed(folder)
    with path.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    zlibs: list[float] = []
    own: list[float] = []
    for _ in range(_ROUNDS):
        zlibs.append(size / _MB / seconds(lambda: plain(path)))
        own.append(size / _MB / seconds(lambda: ours(path, digest)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"layer: {size / _MB:.0f} MB of {folder}, {path.stat().st_size / _MB:.0f} MB packed")
    print(f"plain zlib:   {statistics.median(zlibs):.0f} MB/s")
    print(f"layer reader: {statistics.median(own):.0f} MB/s unpacked")
    print(f"peak memory:  {peak:.0f} MB")


if __name__ == "__main__":
    main()
