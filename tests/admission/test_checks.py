import pytest

from webhook.admission.checks import Check, verbose


@pytest.mark.parametrize(
    ("check", "line"),
    [
        (Check("policies", ok=True), "[+]policies ok"),
        (
            Check("policies", ok=True, detail="not followed for 42 s"),
            "[+]policies ok, but not followed for 42 s",
        ),
        (Check("facts", ok=False, detail="not synced yet"), "[-]facts not synced yet"),
        (Check("facts", ok=False), "[-]facts failed"),
        (Check("facts", ok=False, detail="no\nroute\x1b[2J"), "[-]facts no\\nroute\\x1b[2J"),
    ],
)
def test_a_check_is_a_line(check: Check, line: str) -> None:
    assert check.line == line


@pytest.mark.parametrize(("ready", "last"), [(True, "passed"), (False, "failed")])
def test_what_follows_from_the_checks_stands_last(
    ready: bool,  # noqa: FBT001 - parametrized
    last: str,
) -> None:
    text = verbose([Check("a", ok=True), Check("b", ok=ready)], ready=ready)

    assert text.splitlines()[0] == "[+]a ok"
    assert text.endswith(f"readyz check {last}\n")


def test_however_much_there_is_to_say_it_stays_small() -> None:
    checks = [Check("x" * 1000, ok=False, detail="y" * 10_000)] * 1000

    assert len(verbose(checks, ready=False)) < 50_000
