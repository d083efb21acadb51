import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.admission.timeout import patience_of


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        (b"timeout=10s", 9.0),
        (b"timeout=500ms", 0.2),
        (b"timeout=1s", 0.7),
        (b"timeout=1m", 27.0),
        (b"timeout=1m30s", 27.0),
        (b"timeout=1.5s", 1.2),
        (b"timeout=.5s", 0.2),
        (b"timeout=30s", 27.0),
        (b"timeout=2000000000ns", 1.7),
        (b"timeout=2000000us", 1.7),
        (b"timeout=2000000%C2%B5s", 1.7),
        (b"a=b&timeout=5s", 4.5),
        (b"timeout=5s&timeout=20s", 4.5),
        (b"timeout=100ms", 0.0),
    ],
)
def test_a_go_duration_less_a_margin_is_our_patience(query: bytes, seconds: float) -> None:
    assert patience_of(query) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"timeout=",
        b"timeout",
        b"timeout=0s",
        b"timeout=0",
        b"timeout=-5s",
        b"timeout=10",
        b"timeout=s",
        b"timeout=1e3s",
        b"timeout=10s ",
        b"timeout=nan",
        b"timeout=infs",
        b"timeout=\xff\xfe",
        b"timeout=10x",
        b"Timeout=1s",
        b"x" * 5000 + b"&timeout=1s",
    ],
)
def test_what_is_no_duration_counts_as_ten_seconds(query: bytes) -> None:
    assert patience_of(query) == 9.0


@pytest.mark.parametrize("text", [b"9999h", b"999999999999h", b"1000000000m"])
def test_an_absurd_value_is_cut_to_what_the_api_server_takes(text: bytes) -> None:
    assert patience_of(b"timeout=" + text) == 27.0


@given(st.binary(max_size=60))
def test_no_query_gives_a_patience_out_of_bounds(query: bytes) -> None:
    assert 0.0 <= patience_of(b"timeout=" + query) <= 27.0
