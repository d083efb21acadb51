"""`cocket pin`: a diff or a change, what was left, and the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import DIGEST
from tests.cli.checking import PINNED, TAGGED, pod, write
from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import cocket, process
from webhook.cli.rewrites import coloured, diff
from webhook.demo.images import image

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "sha256:" + "cd" * 32
NOBODY = 65534


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return known(tmp_path, f"{TAGGED}@{DIGEST}", f"alpine:3@{DIGEST}")


def known(folder: Path, *names: str) -> Path:
    config = {"os": "linux", "architecture": "amd64"}
    lines = [json.dumps({"image": name, "config": config}) for name in names]
    (folder / "known").mkdir(exist_ok=True)
    return write(folder / "known" / "facts.jsonl", "\n".join(lines))


def test_a_diff_is_shown_and_nothing_is_written(tmp_path: Path, facts: Path) -> None:
    text = pod(app=TAGGED)
    file = write(tmp_path / "web.yaml", text)
    result = cocket("pin", "--offline", "--facts", facts, file)

    assert result.exit_code == 0
    assert f"-    image: {TAGGED}\n+    image: {TAGGED}@{DIGEST}\n" in result.stdout
    assert result.stderr == "1 to pin in 1 of 1 files, 0 had a digest, 0 left\n"
    assert file.read_text() == text


@pytest.mark.skipif(shutil.which("git") is None, reason="this machine has no git")
def test_the_diff_can_be_applied(tmp_path: Path, facts: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED).rstrip("\n").replace("\n", "\r\n"))
    # As a process: click's own runner makes all line ends alike.
    shown = process("pin", "-q", "--offline", "--facts", facts, file).stdout
    done = subprocess.run(
        ["git", "apply", "--unsafe-paths", "--directory=/", "-"],  # noqa: S607 - the git there is
        cwd=tmp_path,
        input=shown,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert f"image: {TAGGED}@{DIGEST}" in file.read_text()
    assert file.read_bytes().count(b"\r\n") == file.read_bytes().count(b"\n")


def test_files_are_written_once_and_then_there_is_nothing_to_do(
    tmp_path: Path, facts: Path
) -> None:
    deploy = tmp_path / "deploy"
    deploy.mkdir()
    first = write(deploy / "web.yaml", pod(app=TAGGED))
    second = write(deploy / "Dockerfile", "FROM alpine:3\n")
    first.chmod(0o640)
    arguments = ("pin", "--write", "--offline", "--facts", facts, deploy)
    result = cocket(*arguments)

    assert (result.exit_code, result.stdout) == (0, "")
    assert first.read_text() == pod(app=f"{TAGGED}@{DIGEST}")
    assert second.read_text() == f"FROM alpine:3@{DIGEST}\n"
    assert stat.S_IMODE(first.stat().st_mode) == 0o640
    assert sorted(path.name for path in deploy.iterdir()) == ["Dockerfile", "web.yaml"]
    assert cocket(*arguments).stderr == "0 pinned in 0 of 2 files, 2 had a digest, 0 left\n"


def test_a_link_stays_a_link_and_its_file_is_written_once(tmp_path: Path, facts: Path) -> None:
    real = write(tmp_path / "real.yaml", pod(app=TAGGED))
    link = tmp_path / "link.yaml"
    link.symlink_to("real.yaml")
    result = cocket("pin", "--write", "--offline", "--facts", facts, link, real)

    assert result.exit_code == 0
    assert link.is_symlink()
    assert real.read_text() == pod(app=f"{TAGGED}@{DIGEST}")


@contextlib.contextmanager
def only_readable(folder: Path) -> Iterator[None]:
    """A folder in which we may only read; root, who may write everywhere, is nobody meanwhile."""
    root = os.geteuid() == 0
    folder.chmod(0o555)
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_leaves_the_file() -> None:
    # Not pytest's: what lies above that is closed to nobody.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write(folder / "web.yaml", pod(app=TAGGED))
        facts = known(folder, f"{TAGGED}@{DIGEST}")
        # Whatever is imported late is imported now: nobody may not read every Python.
        other = write(folder / "other.yaml", pod(app=TAGGED))
        assert cocket("pin", "--write", "--offline", "--facts", facts, other).exit_code == 0
        with only_readable(folder):
            shown = cocket("pin", "--offline", "--facts", facts, file)
            result = cocket("pin", "--write", "--offline", "--facts", facts, file)

        assert shown.exit_code == 0
        assert result.exit_code == 2
        assert f"{file}: cannot be written: Permission denied" in result.stderr
        assert file.read_text() == pod(app=TAGGED)


def test_what_could_not_be_looked_up_is_said(tmp_path: Path, facts: Path) -> None:
    text = pod(app=TAGGED, other="redis:7", good=PINNED)
    file = write(tmp_path / "web.yaml", text)
    result = cocket("pin", "--write", "--offline", "--facts", facts, file)

    assert result.exit_code == 1
    assert f"left: {file}:11: redis:7: not looked up" in result.stderr
    assert "(offline)" in result.stderr
    assert "1 pinned in 1 of 1 files, 1 had a digest, 1 left" in result.stderr
    assert file.read_text() == text.replace(f"{TAGGED}\n", f"{TAGGED}@{DIGEST}\n")


def test_facts_that_know_a_tag_and_no_digest_are_no_help(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    result = cocket("pin", "--offline", "--facts", known(tmp_path, TAGGED), file)

    assert result.exit_code == 1
    assert "the facts do not say its digest" in result.stderr


def test_facts_that_know_two_digests_of_one_tag_are_no_help(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    given = known(tmp_path, f"{TAGGED}@{DIGEST}", f"{TAGGED}@{OTHER}")

    assert cocket("pin", "--offline", "--facts", given, file).exit_code == 1


def test_a_registry_is_asked_for_what_the_tag_points_to(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        digest = registry.add("prod/web", image(cmd=["/app"]), tag="1.0")
        name = f"{registry.host}/prod/web:1.0"
        gone = f"{registry.host}/prod/web:2.0"
        (tmp_path / "d").mkdir()
        file = write(tmp_path / "d" / "web.yaml", pod(app=name, gone=gone))
        result = cocket("pin", "--write", "--policy", reachable(registry, tmp_path), file)

    assert result.exit_code == 1
    assert f"{gone}: " in result.stderr
    assert "(not-found)" in result.stderr
    assert file.read_text() == pod(app=f"{name}@{digest}", gone=gone)


def test_a_private_address_that_no_registry_names_is_not_asked(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        registry.add("prod/web", image(cmd=["/app"]), tag="1.0")
        file = write(tmp_path / "web.yaml", pod(app=f"{registry.host}/prod/web:1.0"))
        result = cocket("pin", file)

    assert result.exit_code == 1
    assert "0 to pin" in result.stderr


def test_what_cannot_be_read_ends_with_2_and_nothing_is_written(
    tmp_path: Path, facts: Path
) -> None:
    good = write(tmp_path / "good.yaml", pod(app=TAGGED))
    bad = write(tmp_path / "bad.yaml", "a: [\n")
    result = cocket("pin", "--write", "--offline", "--facts", facts, good, bad, tmp_path / "none")

    assert result.exit_code == 2
    assert f"error: {bad}:" in result.stderr
    assert "none" in result.stderr
    assert good.read_text() == pod(app=TAGGED)


def test_templates_in_a_chart_are_left_and_do_not_stop_the_rest(
    tmp_path: Path, facts: Path
) -> None:
    (tmp_path / "templates").mkdir()
    template = write(tmp_path / "templates" / "web.yaml", "{{- if .x }}\na: b\n{{- end }}\n")
    values = write(tmp_path / "values.yaml", f"image: {TAGGED}\n")
    result = cocket("pin", "--write", "--offline", "--facts", facts, tmp_path)

    assert result.exit_code == 1
    assert f"left: {template}" in result.stderr
    assert values.read_text() == f"image: {TAGGED}@{DIGEST}\n"


def test_standard_input_goes_to_standard_output_with_digests(facts: Path) -> None:
    text = pod(app=TAGGED, good=PINNED).replace("\n", "\r\n").encode()
    done = process("pin", "--offline", "--facts", facts, "-", stdin=text)

    assert done.returncode == 0
    assert done.stdout == text.replace(f"{TAGGED}\r".encode(), f"{TAGGED}@{DIGEST}\r".encode())
    assert done.stderr.decode() == "1 pinned in 1 of 1 files, 1 had a digest, 0 left\n"


def test_standard_input_is_read_as_what_it_would_be_called(facts: Path) -> None:
    done = cocket(
        *("pin", "-q", "--offline", "--facts", facts, "--stdin-filename", "app/Dockerfile", "-"),
        stdin='FROM alpine:3\nCMD ["x"]\n',
    )

    assert (done.exit_code, done.stdout) == (0, f'FROM alpine:3@{DIGEST}\nCMD ["x"]\n')


def test_what_a_pipe_cannot_pin_goes_on_as_it_is_and_is_told_of(facts: Path) -> None:
    text = pod(app=TAGGED, other="redis:7")
    done = cocket("pin", "--offline", "--facts", facts, "-", stdin=text)

    assert done.exit_code == 1
    assert done.stdout == text.replace(f"{TAGGED}\n", f"{TAGGED}@{DIGEST}\n")
    assert "left: stdin.yaml:11: redis:7" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--write", "-"), ("-", "a.yaml"), ("--write", "--check", "a.yaml")]
)
def test_what_excludes_each_other_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    done = cocket("pin", *arguments, stdin=pod(app=TAGGED))

    assert (done.exit_code, done.stdout) == (2, "")


def test_a_check_lists_what_has_no_digest_and_asks_nobody(tmp_path: Path) -> None:
    with registry_in_thread() as registry:
        registry.add("prod/web", image(cmd=["/app"]), tag="1.0")
        name = f"{registry.host}/prod/web:1.0"
        text = pod(app=name, good=PINNED)
        file = write(tmp_path / "web.yaml", text)
        compose = write(tmp_path / "compose.yaml", "services: {a: {image: 'b:${TAG}'}}\n")
        done = cocket("pin", "--check", file, compose)
        asked = registry.lines()

    assert asked == []
    assert done.exit_code == 1
    first, second = done.stdout.splitlines()
    assert first == f"{file}:9: {name}: has no digest"
    assert second.startswith(f"{compose}:1: b:${{TAG}}: ")
    assert done.stderr == "1 have a digest, 2 have none, in 2 files\n"
    assert file.read_text() == text


def test_a_check_passes_where_everything_has_a_digest(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=PINNED))
    done = cocket("pin", "--check", "-q", file)
    piped = cocket("pin", "--check", "-q", "-", stdin=pod(app=TAGGED))

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert (piped.exit_code, piped.stderr) == (1, "")


def test_a_diff_moves_no_cursor_and_has_colours_on_a_terminal() -> None:
    text = diff("a\x1b.yaml", b"a: \x1b[2J\nb\n", b"a: \x1b[2J\nc")

    assert text.splitlines()[0] == "--- a/a\\x1b.yaml"
    assert text.endswith("-b\n+c\n\\ No newline at end of file\n")
    shown = coloured(text)
    assert "\x1b[32m+c\x1b[0m" in shown
    assert "\x1b[2J" not in shown
