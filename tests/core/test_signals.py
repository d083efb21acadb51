"""Names of signals are read as runtimes and API servers read them."""

from __future__ import annotations

import signal
import sys

import pytest

from webhook.core.signals import kubernetes_signal, read_signal


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SIGTERM", "SIGTERM"),
        ("TERM", "SIGTERM"),
        ("sigterm", "SIGTERM"),
        ("Quit", "SIGQUIT"),
        ("15", "SIGTERM"),
        ("3", "SIGQUIT"),
        ("09", "SIGKILL"),
        ("31", "SIGSYS"),
        ("SIGCLD", "SIGCHLD"),
        ("SIGIOT", "SIGABRT"),
        ("SIGPOLL", "SIGIO"),
        ("SIGRTMIN+3", "SIGRTMIN+3"),
        ("RTMIN+3", "SIGRTMIN+3"),
        ("37", "SIGRTMIN+3"),
        ("34", "SIGRTMIN"),
        ("49", "SIGRTMIN+15"),
        ("50", "SIGRTMAX-14"),
        ("64", "SIGRTMAX"),
        ("SIGRTMAX-14", "SIGRTMAX-14"),
        ("SIGRTMIN", "SIGRTMIN"),
    ],
)
def test_a_signal_has_one_full_name(text: str, name: str) -> None:
    assert read_signal(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "SIG",
            "SIGFOO",
            "SIGSIGTERM",
            "0",
            "32",
            "33",
            "65",
            "100",
            "-15",
            "+15",
            "1e1",
            "١٥",
        ),
        *("SIGRTMIN+16", "SIGRTMIN+0", "SIGRTMIN3", "SIGRTMAX-15", "SIGRTMAX+1", "SIGTERM "),
        *("SIGRTMIN-1", "${SIGNAL}", "SIGTERM,SIGINT", "SIGINT\n"),
    ],
)
def test_what_no_runtime_knows_is_no_signal(text: str) -> None:
    assert read_signal(text) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="the numbers are those of Linux")
def test_numbers_are_those_of_this_machine() -> None:
    for one in signal.Signals:
        if one < signal.SIGRTMIN:
            assert read_signal(str(int(one))) == read_signal(one.name)
    assert read_signal(str(int(signal.SIGRTMIN))) == "SIGRTMIN"
    assert read_signal(str(int(signal.SIGRTMAX))) == "SIGRTMAX"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SIGTERM", "SIGTERM"),
        ("SIGRTMIN+3", "SIGRTMIN+3"),
        ("SIGCLD", "SIGCHLD"),
        ("TERM", ""),
        ("sigterm", ""),
        ("15", ""),
        ("SIGFOO", ""),
    ],
)
def test_in_a_pod_only_full_names_count(text: str, name: str) -> None:
    """The values of `Signal` in core/v1: SIGABRT to SIGXFSZ, SIGRTMIN+1, SIGRTMAX-14 and so on."""
    assert kubernetes_signal(text) == name
