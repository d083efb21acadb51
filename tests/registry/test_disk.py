import os
import stat
from pathlib import Path

import pytest

from webhook.errors import InputError
from webhook.registry.cache import Pinned
from webhook.registry.content import digest_of
from webhook.registry.disk import Disk

BODY = b'{"a":1}'
DIGEST = digest_of(BODY)
IMAGE = Pinned("r.example", "a/b", DIGEST)


def test_what_is_kept_is_there_for_the_next_process(tmp_path: Path) -> None:
    Disk(tmp_path, max_bytes=1000).keep(DIGEST, BODY)

    assert Disk(tmp_path, max_bytes=1000).blob(DIGEST) == BODY
    assert Disk(tmp_path, max_bytes=1000).blob(digest_of(b"other")) is None


def test_sha512_is_kept_as_well(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    disk.keep(digest_of(BODY, "sha512"), BODY)

    assert disk.blob(digest_of(BODY, "sha512")) == BODY


def test_bytes_of_another_digest_are_removed(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    disk.keep(DIGEST, BODY)
    (file,) = tmp_path.rglob("sha256-*")
    file.write_bytes(b"evil")

    assert disk.blob(DIGEST) is None
    assert not file.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    target = tmp_path / "target"
    target.write_bytes(BODY)
    disk.keep(DIGEST, BODY)
    (file,) = tmp_path.rglob("sha256-*")
    file.unlink()
    file.symlink_to(target)

    assert disk.blob(DIGEST) is None


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=2**30)
    disk.keep(DIGEST, BODY)
    (file,) = tmp_path.rglob("sha256-*")
    with file.open("wb") as opened:
        opened.truncate(2**30)

    assert disk.blob(DIGEST) is None


def test_a_note_is_about_one_digest_in_one_repository(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    disk.note(IMAGE, "application/json")

    assert disk.media_type(IMAGE) == "application/json"
    for other in (
        Pinned("s.example", "a/b", DIGEST),
        Pinned("r.example", "a/c", DIGEST),
        Pinned("r.example", "a/b", digest_of(b"")),
    ):
        assert disk.media_type(other) is None


@pytest.mark.parametrize("text", [b"", b"x", b"r.example/a/b@x\ntype", b"\xff\n\xff", b"a\nb\nc"])
def test_a_note_that_says_something_else_is_none(text: bytes, tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    disk.note(IMAGE, "application/json")
    (file,) = tmp_path.rglob("note-*")
    file.write_bytes(text)

    assert disk.media_type(IMAGE) is None


def test_the_folder_is_bounded_and_what_was_used_last_stays(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    bodies = [bytes([number]) * 100 for number in range(30)]
    for number, body in enumerate(bodies):
        disk.keep(digest_of(body), body)
        for at, file in enumerate(tmp_path.rglob(f"{digest_of(body).replace(':', '-')}")):
            os.utime(file, (number + at, number + at))

    assert sum(file.stat().st_size for file in tmp_path.rglob("sha256-*")) <= 1000
    assert disk.blob(digest_of(bodies[-1])) == bodies[-1]
    assert disk.blob(digest_of(bodies[0])) is None


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    Disk(tmp_path / "new" / "folder", max_bytes=1000)
    (folder,) = (tmp_path / "new" / "folder").iterdir()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    with pytest.raises(InputError, match="--cache-dir"):
        Disk(tmp_path / "new" / "folder", max_bytes=1000)


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(InputError, match="--cache-dir"):
        Disk(file, max_bytes=1000)


def test_a_disk_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    (folder,) = tmp_path.iterdir()
    folder.rmdir()
    disk.keep(DIGEST, BODY)
    disk.note(IMAGE, "x")

    assert disk.blob(DIGEST) is None
    assert disk.media_type(IMAGE) is None


def test_no_name_but_a_digest_becomes_a_path(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)

    with pytest.raises(ValueError, match="etc"):
        disk.blob("sha256:../../etc/passwd")


def test_nothing_is_left_half_written(tmp_path: Path) -> None:
    disk = Disk(tmp_path, max_bytes=1000)
    disk.keep(DIGEST, BODY)
    disk.keep(DIGEST, BODY)

    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [
        DIGEST.replace(":", "-")
    ]
