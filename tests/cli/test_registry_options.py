"""Networks and seconds, as people write them."""

import ipaddress

import click
import pytest
from click.testing import CliRunner

from webhook.cli.registry_options import forbid_option, stale_tag_option


@click.command
@forbid_option
@stale_tag_option
def shown(forbidden: tuple[object, ...], stale_tag_seconds: int) -> None:
    """Show what was read."""
    click.echo(repr((forbidden, stale_tag_seconds)))


def test_by_default_nothing_is_forbidden_and_no_old_tag_counts() -> None:
    assert CliRunner().invoke(shown, []).output == "((), 0)\n"


def test_networks_are_read_in_both_families() -> None:
    arguments = ["--forbid-network", "10.96.0.0/12", "--forbid-network", "fd00::/108"]

    expected = ((ipaddress.ip_network("10.96.0.0/12"), ipaddress.ip_network("fd00::/108")), 0)
    assert CliRunner().invoke(shown, arguments).output == f"{expected!r}\n"


@pytest.mark.parametrize("text", ["10.96.0.1/12", "10.96.0.0/33", "cluster", ""])
def test_what_is_no_network_is_refused_with_how_to_write_one(text: str) -> None:
    done = CliRunner().invoke(shown, ["--forbid-network", text])

    assert done.exit_code == 2
    assert "write a network as 10.96.0.0/12 or fd00::/108" in done.output


@pytest.mark.parametrize("text", ["-1", "86401", "inf", "nan"])
def test_more_than_a_day_is_no_old_tag(text: str) -> None:
    assert CliRunner().invoke(shown, ["--stale-tag-seconds", text]).exit_code == 2
