import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.registry.strict import StrictJSONError, check_keys, encodable, load

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_every_reader_reads_alike_is_read(value: object) -> None:
    assert load(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":1,"a":2}', id="one key twice"),
        pytest.param(b'{"b":[{"a":1,"a":1}]}', id="one key twice, deep inside"),
        pytest.param(b'{"a":1,"\\u0061":2}', id="one key twice, once escaped"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="byte order mark"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"a":1}'.encode("utf-32"), id="UTF-32"),
        pytest.param(b'{"a":"\xff"}', id="no UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param(b'{"a":"\n"}', id="a raw control character"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":-Infinity}', id="infinity"),
        pytest.param(b'{"a":1e400}', id="a number beyond every float"),
        pytest.param(b'{"a":-1e400}', id="and below"),
        pytest.param(b'{"a":' + b"9" * 18 + b"}", id="18 digits"),
        pytest.param(b'{"a":' + b"9" * 4301 + b"}", id="4301 digits"),
        pytest.param(b"{} {}", id="two documents"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{'a':1}", id="Python's quotes"),
        pytest.param(b'{"a":01}', id="a leading zero"),
        pytest.param(b"[" * 65 + b"]" * 65, id="65 levels"),
        pytest.param(b'{"a":' * 65 + b"1" + b"}" * 65, id="65 objects"),
        pytest.param(b"[" * 100_000, id="100,000 levels"),
    ],
)
def test_what_readers_may_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(StrictJSONError):
        load(body)


def test_64_levels_are_read_and_brackets_in_strings_are_none() -> None:
    assert load(b"[" * 64 + b"]" * 64)
    assert load(b'["' + b"[{" * 1000 + b'"]') == ["[{" * 1000]
    assert load(b"[" + b"[]," * 1000 + b"[]]")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 70 + b'"' + b'\\"' * 1_000_000, id="an unfinished string of quotes"),
        pytest.param(b'["' + b"\\" * 1_000_001 + b"[" * 70, id="backslashes"),
        pytest.param(b'"' * 1_000_000 + b"[" * 70, id="quotes"),
    ],
)
def test_a_megabyte_of_nonsense_is_refused_at_once(body: bytes) -> None:
    # A quadratic scan would take minutes; the test run's own limit is far below.
    with pytest.raises(StrictJSONError):
        load(body)


@pytest.mark.parametrize("item", [b"[]", b"{}", b"0", b'""'])
def test_more_values_than_any_image_has_are_refused(item: bytes) -> None:
    assert load(b"[" + b",".join([item] * 100_000) + b"]")
    with pytest.raises(StrictJSONError, match="values"):
        load(b"[" + b",".join([item] * 250_001) + b"]")


def test_no_message_holds_what_stands_in_the_document() -> None:
    with pytest.raises(StrictJSONError) as refused:
        load(b'{"password": "sesame" x}')

    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("key", ["Config", "CONFIG", "confIg", "con\N{LATIN SMALL LIGATURE FI}g"])
def test_a_key_in_disguise_is_refused(key: str) -> None:
    with pytest.raises(StrictJSONError):
        check_keys({key: 1}, frozenset({"config"}))


@pytest.mark.parametrize(
    ("key", "known"), [("manifeſts", "manifests"), ("kind".replace("k", "\u212a"), "kind")]
)
def test_letters_that_go_folds_to_ascii_are_seen_through(key: str, known: str) -> None:
    with pytest.raises(StrictJSONError):
        check_keys({known: 1, key: 2}, frozenset({known}))


def test_known_and_foreign_keys_pass() -> None:
    check_keys(
        {"config": 1, "os.version": 2, "configs": 3, "конфиг": 4},
        frozenset({"config", "os.version"}),
    )


@given(st.text(alphabet=st.characters(max_codepoint=0x2FFF), max_size=6))
def test_no_spelling_that_folds_to_a_known_key_passes(key: str) -> None:
    """Go folds ſ and K (encoding/json fold.go); simple upper and lower case is a part of it."""
    go = key.replace("ſ", "s").replace("\u212a", "k").lower()
    if go == "size" and key != "size":
        with pytest.raises(StrictJSONError):
            check_keys({key: 1}, frozenset({"size"}))


def test_half_a_surrogate_pair_is_not_encodable() -> None:
    assert encodable("😀")
    assert not encodable("\ud83d")
