"""Layers that no honest tool makes: each ends in a refusal, and changes nothing."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.roots import Content, Shelf, config, layer, link, look, zipped, zstd
from tests.layers.stubs import read
from webhook.core.facts import Reason
from webhook.core.inside import ProgramKind
from webhook.errors import BadContentError, RegistryError
from webhook.layers.limits import Limits
from webhook.layers.reader import Reader

APP: dict[str, Content] = {"app": b"\x7fELF\x02\x01\x01" + bytes(57)}
SMALL = Limits(entries=100, kept=50, header=8192, unpacked=1 << 20, packed=1 << 20)


def member(name: str, *, kind: bytes = tarfile.REGTYPE, size: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.USTAR_FORMAT)


def checked(block: bytearray) -> bytes:
    """The block with a checksum that is right."""
    block[148:156] = b"        "
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def with_field(at: int, value: bytes) -> bytes:
    block = bytearray(member("app"))
    block[at : at + len(value)] = value
    return checked(block)


END = bytes(1024)
BAD = {
    "traversal": (layer({"../../etc/passwd": "x"}), "leads out of its place"),
    "traversal in the middle": (layer({"a/../../b": "x"}), "leads out of its place"),
    "a hard link out of the root": (
        layer({"a": link("../../etc/shadow", tarfile.LNKTYPE)}),
        "leads out of its place",
    ),
    "a whiteout of nothing": (layer({"a/.wh.": ""}), "has no name"),
    "a whiteout of the folder above": (layer({"a/.wh...": ""}), "has no name"),
    "a path longer than any": (layer({"a" * 4100: ""}), "Linux knows none above"),
    "a path deeper than any": (layer({"a/" * 300: ""}), "more than 200 folders"),
    "a link longer than any path": (layer({"a": link("b" * 5000)}), "longer than any path"),
    "too many entries": (layer({f"f{n}": b"" for n in range(101)}, mode=0o644), "100 entries"),
    "too many programs": (layer({f"f{n}": b"" for n in range(51)}), "50 folders, links"),
    "an extended header that is a file": (
        member("x", kind=tarfile.XHDTYPE, size=1 << 30) + END,
        "extended header of",
    ),
    "a long name that is a file": (
        member("x", kind=tarfile.GNUTYPE_LONGNAME, size=1 << 30) + END,
        "extended header of",
    ),
    "an extended header of rubbish": (
        member("x", kind=tarfile.XHDTYPE, size=5) + b"hello".ljust(512, b"\0") + END,
        "cannot be read",
    ),
    "an extended header with a wrong length": (
        member("x", kind=tarfile.XHDTYPE, size=9) + b"99 path=a".ljust(512, b"\0") + END,
        "cannot be read",
    ),
    "a NUL in an extended path": (
        member("x", kind=tarfile.XHDTYPE, size=12) + b"12 path=a\0b\n".ljust(512, b"\0") + END,
        "NUL",
    ),
    "a wrong checksum": (b"x" + member("app")[1:] + END, "wrong checksum"),
    "a size in letters": (with_field(124, b"abc"), "no number"),
    "a signed size": (with_field(124, b"-0000000001"), "no number"),
    "a negative size": (with_field(124, b"\xff" * 12), "negative"),
    "a size beyond any disk": (
        with_field(124, b"\x80\x00\x00\x00\x7f" + b"\xff" * 7),
        "no file has",
    ),
    "an unknown type": (with_field(156, b"Z"), "unknown type"),
    "zeros between members": (member("a") + bytes(512) + member("b") + END, "zeros between"),
    "a tar that breaks off": (member("a", size=5000), "breaks off"),
    "a header that breaks off": (member("a")[:300], "breaks off"),
    "no tar": (b"hello, world" * 100, "checksum"),
    "nothing": (b"", "it is empty"),
    "gzip that breaks off": (zipped(layer(APP))[:-20], "breaks off"),
    "gzip that is damaged": (zipped(layer(APP))[:40] + b"\xff" * 40, "damaged"),
    "gzip with rubbish behind it": (zipped(layer(APP)) + b"rubbish", "damaged"),
    "zstd that is damaged": (zstd(layer(APP))[:20] + b"\xff" * 400, "breaks off|damaged"),
    "a bomb": (gzip.compress(bytes(2 << 20)), "unfold to more than"),
    "a bomb of zstd": (zstd(bytes(2 << 20)), "unfold to more than"),
    "a bomb in a file": (
        gzip.compress(member("x", size=8 << 20) + bytes(8 << 20)),
        "unfold to more than",
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_hostile_layer_is_refused_with_its_reason(name: str) -> None:
    body, words = BAD[name]
    with pytest.raises(BadContentError, match=words) as refused:
        await look([layer(APP), body], limits=SMALL)

    assert refused.value.reason is Reason.BAD_CONTENT
    assert str(refused.value).startswith("layer 2 (sha256:")


async def test_a_layer_with_other_bytes_than_its_digest_says_answers_nothing() -> None:
    image = Shelf().image([layer(APP)], claim="sha256:" + "ab" * 32)

    with pytest.raises(BadContentError, match="other bytes were served"):
        await Reader().look(image, config())


async def test_an_image_without_layers_answers_nothing() -> None:
    with pytest.raises(BadContentError, match="no layers"):
        await look([])


async def test_more_layers_than_any_runtime_mounts_are_not_read() -> None:
    with pytest.raises(BadContentError, match="2 layers; 1 are read"):
        await look([layer({}), layer({})], limits=Limits(layers=1))


async def test_more_bytes_than_agreed_are_not_even_asked_for() -> None:
    shelf = Shelf()
    image = shelf.image([layer(APP)])

    with pytest.raises(BadContentError, match="more than 100 bytes"):
        await Reader(limits=Limits(packed=100)).look(image, config())

    assert shelf.asked == []


async def test_who_takes_too_long_is_not_waited_for() -> None:
    with pytest.raises(RegistryError, match=r"within 0 s") as late:
        await look([layer(APP)], limits=Limits(seconds=0))

    assert late.value.reason is Reason.TIMED_OUT


async def test_names_behind_the_end_of_the_archive_do_not_count() -> None:
    found = await look([layer(APP), layer({}) + layer({"app": "#!/bin/sh\n"})])

    assert found.inside.programs[0].kind is ProgramKind.ELF


async def test_links_never_lead_out_of_the_root() -> None:
    found = await look([layer({"app": link("../../../../../real"), "real": APP["app"]})])

    assert found.inside.programs[0].path == "/real"


async def test_links_that_lead_in_circles_lead_nowhere() -> None:
    found = await look([layer({"app": link("b"), "b": link("app")})])

    assert found.inside.programs[0].kind is ProgramKind.MISSING


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
async def test_long_names_are_read_in_both_spellings(form: int) -> None:
    name = "opt/" + "long/" * 40 + "app"
    found = await look([layer({name: APP["app"]}, form=form)], [f"/{name}"])

    assert found.inside.programs[0].kind is ProgramKind.ELF


async def test_sparse_files_are_named_and_not_read() -> None:
    sparse = bytearray(member("app", kind=tarfile.GNUTYPE_SPARSE, size=512))
    sparse[482] = 1
    blocks = checked(sparse) + bytes(504) + b"\1" + bytes(7) + bytes(512) + b"x" * 512
    found = await look([blocks + member("b") + END], ["/app"])

    assert found.inside.programs[0].kind is ProgramKind.BROKEN


async def test_what_a_global_header_says_of_all_members_is_not_believed() -> None:
    body = io.BytesIO()
    with tarfile.open(
        fileobj=body, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"path": "tini"}
    ) as archive:
        member_of = tarfile.TarInfo("app")
        member_of.size, member_of.mode = 64, 0o755
        archive.addfile(member_of, io.BytesIO(bytes(APP["app"])))  # type: ignore[arg-type]
    found = await look([body.getvalue()])

    assert found.inside.programs[0].kind is ProgramKind.ELF


async def test_memory_stays_bounded_whatever_the_layer_unfolds_to() -> None:
    packer = zlib.compressobj(9, wbits=31)
    size = 256 << 20
    body = packer.compress(member("x", size=size))
    for _ in range(size >> 20):
        body += packer.compress(bytes(1 << 20))
    body += packer.compress(END) + packer.flush()
    tracemalloc.start()
    try:
        await look([layer(APP), body])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 << 20


@given(st.binary(max_size=3000))
def test_any_bytes_end_in_an_answer_or_in_a_refusal(body: bytes) -> None:
    for data in (body, member("a", kind=tarfile.XHDTYPE, size=len(body)) + body):
        with suppress(BadContentError):
            read(data).close()
