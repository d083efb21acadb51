"""What goes with `cocket audit --open`, and what does not; what goes with `--report-port`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from webhook.cli.audit import audit
from webhook.cli.report_options import ReportServed, report_options

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--report-url", "https://a/report"], "need --open"),
        (["--open", "-A"], "leave out what says where to look"),
        (["--open", "-n", "shop"], "leave out what says where to look"),
        (["--open", "-l", "app=web"], "leave out what says where to look"),
        (["--open", "--report-service", "No Name"], "--report-service"),
    ],
)
def test_what_says_nothing_together_is_refused(arguments: list[str], says: str) -> None:
    found = CliRunner().invoke(audit, arguments)

    assert found.exit_code == 2
    assert says in found.output


def served(*arguments: str) -> tuple[int, str, list[ReportServed | None]]:
    """Exit code, output, and what a command with these options was given."""
    given: list[ReportServed | None] = []

    @click.command
    @click.option("--audit/--no-audit", default=True)
    @report_options
    def command(*, audit: bool, report: ReportServed | None) -> None:
        given.append(report if audit else None)

    found = CliRunner().invoke(command, arguments)
    return found.exit_code, found.output, given


def test_without_a_port_nothing_is_served() -> None:
    assert served() == (0, "", [None])


def test_a_port_is_enough() -> None:
    report = ReportServed(host="", port=8444, anonymous=False, chain=None, key=None)

    assert served("--report-port", "8444") == (0, "", [report])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--report-anonymous"], "Without --report-port no report is served"),
        (["--report-bind", "127.0.0.1"], "Without --report-port no report is served"),
        (["--report-port", "1", "--no-audit"], "leave --no-audit out"),
        (["--report-port", "1", "--report-tls-cert", "{file}"], "go together"),
        (["--report-port", "1", "--report-tls-key", "{file}"], "go together"),
    ],
)
def test_half_of_it_is_refused(arguments: list[str], says: str, tmp_path: Path) -> None:
    file = tmp_path / "file.pem"
    file.touch()

    code, output, given = served(*(one.format(file=file) for one in arguments))

    assert (code, given) == (2, [])
    assert says in output


def test_every_option_is_explained() -> None:
    explained: dict[str, Any] = {
        one.name: one.help for one in audit.params if isinstance(one, click.Option) and one.name
    }

    for name in ("opened", "report_service", "report_url", "report_ca", "report_token"):
        assert explained[name]
