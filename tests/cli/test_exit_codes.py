from __future__ import annotations

import signal

from webhook.cli import exit_codes


def test_shells_know_what_ended_us() -> None:
    assert exit_codes.INTERRUPTED == 128 + signal.SIGINT
    assert exit_codes.BROKEN_PIPE == 128 + signal.SIGPIPE


def test_each_code_says_one_thing() -> None:
    codes = [value for name, value in vars(exit_codes).items() if name.isupper()]

    assert len(codes) == len(set(codes)) == 6
    assert exit_codes.GOOD == 0
