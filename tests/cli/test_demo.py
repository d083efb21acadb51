"""`cocket demo` shows every kind of answer, ends by itself, and owns up to a surprise."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from tests.certificates import self_signed
from tests.cli.runs import START, process
from webhook.cli.demo import create, show
from webhook.cli.exit_codes import BROKEN_PIPE
from webhook.demo.apiserver import ApiServer
from webhook.demo.reviews import pod
from webhook.demo.samples import Sample, samples


def paper(*, terminal: bool = False) -> Console:
    return Console(file=StringIO(), width=120, force_terminal=terminal, markup=False, emoji=False)


def written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def first_two(host: str) -> Sequence[Sample]:
    return samples(host)[:2]


def test_it_runs_to_its_end_and_every_answer_is_as_it_must_be() -> None:
    started = time.monotonic()

    done = process("demo")

    output = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert time.monotonic() - started < 15
    assert "pod/web created" in output
    assert "pod/web-script created" in output
    assert "\nWarning: " in output
    refusals = output.count('admission webhook "validate.cocket.dev" denied the request: cocket')
    assert refusals == sum(sample.decision == "denied" for sample in samples("host"))
    for sample in samples("host"):
        assert f"$ kubectl create -f {sample.name}.yaml" in output
        assert f"│ {sample.name} " in output


def test_a_pipe_gets_no_colours_and_whole_lines() -> None:
    output = process("demo").stdout.decode()

    assert "\x1b" not in output
    (line,) = (
        line for line in output.splitlines() if "web-preprod.yaml" in line and "Error" in line
    )
    assert line.endswith("cocket refused Pod shop/web-preprod:")


def test_a_reader_that_goes_away_is_no_wrong_answer() -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", START, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        errors = running.stderr.read()
        code = running.wait(timeout=20)

    assert (code, errors) == (BROKEN_PIPE, b"")


def test_a_terminal_gets_colours() -> None:
    console = paper(terminal=True)

    assert show(console, first_two, seconds=14) == 0
    assert "\x1b[32mpod/web created\x1b[0m" in written(console)
    assert "\x1b[31mError from server (Forbidden)" in written(console)


def test_an_answer_that_is_not_the_expected_one_is_told_and_changes_the_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def surprising(host: str) -> Sequence[Sample]:
        good, tagged = first_two(host)
        return [
            msgspec.structs.replace(good, decision="denied", rule="init", says="x"),
            msgspec.structs.replace(tagged, rule="init"),
            Sample(shows="no registry", pod=pod("stray", "registry.invalid/web:1")),
        ]

    code = show(paper(), surprising, seconds=14)

    complaints = capsys.readouterr().err.splitlines()
    assert code == 1
    assert len(complaints) == 3
    assert complaints[0].endswith("web: allowed, but it must be denied")
    assert complaints[1].endswith("web-by-tag: rules digest, but it must be init")
    assert complaints[2].endswith("stray: denied, but it must be allowed")


def test_it_gives_up_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(paper(), samples, seconds=0) == 1
    assert "did not come to its end within 0 s" in capsys.readouterr().err


async def test_a_webhook_that_gives_no_answer_is_a_surprise() -> None:
    nobody = ApiServer("127.0.0.1", 1, self_signed().certificate_pem)

    told = await create(nobody, samples("host")[0])

    assert told.decision == "failed"
    assert told.surprise.startswith("the webhook gave no answer: ")
    assert told.lines == (told.surprise,)
