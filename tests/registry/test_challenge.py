import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.registry.challenge import Challenge, choose, parse_challenges

HUB = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(
            HUB,
            [
                Challenge(
                    "bearer",
                    (
                        ("realm", "https://auth.docker.io/token"),
                        ("service", "registry.docker.io"),
                        ("scope", "repository:a/b:pull"),
                    ),
                )
            ],
            id="Docker Hub",
        ),
        pytest.param(
            'Bearer scope="repository:a/b:pull,push"',
            [Challenge("bearer", (("scope", "repository:a/b:pull,push"),))],
            id="a comma in quotes",
        ),
        pytest.param(
            'Negotiate, Basic realm="a \\"b\\"", Bearer realm="x"',
            [
                Challenge("negotiate"),
                Challenge("basic", (("realm", 'a "b"'),)),
                Challenge("bearer", (("realm", "x"),)),
            ],
            id="three in one header",
        ),
        pytest.param(
            "Negotiate YII=, Basic realm=x",
            [Challenge("negotiate"), Challenge("basic", (("realm", "x"),))],
            id="token68",
        ),
        pytest.param(
            "BASIC  REALM = x ,, charset=UTF-8",
            [Challenge("basic", (("realm", "x"), ("charset", "UTF-8")))],
            id="case, spaces and empty elements",
        ),
        pytest.param(
            "Bearer realm=https://a.example/t?x=1",
            [Challenge("bearer", (("realm", "https://a.example/t?x=1"),))],
            id="an address without quotes",
        ),
        pytest.param("Basic", [Challenge("basic")], id="no parameters"),
        pytest.param('Bearer realm="a",realm="b"', [], id="one parameter twice"),
        pytest.param('Bearer realm="a', [Challenge("bearer")], id="an open quote"),
        pytest.param("", [], id="nothing"),
        pytest.param('="x"', [], id="no scheme"),
        pytest.param("Bearer " + "x" * 9000, [], id="too long"),
    ],
)
def test_a_header_is_read(header: str, expected: list[Challenge]) -> None:
    assert parse_challenges([header]) == expected


def test_several_headers_are_read_in_order_and_the_first_we_can_answer_is_chosen() -> None:
    found = parse_challenges(["Negotiate", "Digest realm=x", HUB, "Basic realm=y"])

    assert [one.scheme for one in found] == ["negotiate", "digest", "bearer", "basic"]
    chosen = choose(found)
    assert chosen is not None
    assert (chosen.scheme, chosen.parameter("service")) == ("bearer", "registry.docker.io")
    assert choose(found[:2]) is None


def test_challenges_and_parameters_are_bounded() -> None:
    assert len(parse_challenges(["Basic realm=x"] * 100)) == 16
    assert len(parse_challenges(["Basic, " * 100])) == 16
    many = "Bearer " + ",".join(f"p{number}=x" for number in range(100))
    assert all(len(one.parameters) <= 32 for one in parse_challenges([many]))


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_headers_are_read(headers: list[str]) -> None:
    for challenge in parse_challenges(headers):
        assert challenge.scheme == challenge.scheme.lower()


@pytest.mark.parametrize("piece", ["\\", '"', "a", "a=", "a ", ",", '\\"', " "])
def test_a_long_run_of_anything_takes_no_time(piece: str) -> None:
    parse_challenges(['Bearer realm="' + (piece * 8000)[:8000]] * 16)


TOKEN = st.text(st.sampled_from("abcXYZ-_09"), min_size=1, max_size=8)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


@given(st.dictionaries(TOKEN.map(str.lower), VALUE, min_size=1, max_size=5))
def test_what_is_quoted_comes_out_as_it_was(parameters: dict[str, str]) -> None:
    quoted = ", ".join(
        '{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"'))
        for name, value in parameters.items()
    )

    assert parse_challenges([f"Bearer {quoted}"]) == [
        Challenge("bearer", tuple(parameters.items()))
    ]
