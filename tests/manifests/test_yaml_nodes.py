import pytest
import yaml
from yaml.events import Event, ScalarEvent

from webhook.manifests.yaml_nodes import BrokenError, key_of, line_of, scalar_of, sources_of


def scalar(text: str) -> ScalarEvent:
    return next(event for event in yaml.parse(text) if isinstance(event, ScalarEvent))


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("'7'", "7"), ("!!str 7", "7"), ("! 7", "7"), ("yes", True), ("~", None)],
)
def test_a_scalar_is_what_its_quotes_and_its_tag_make_of_it(text: str, value: object) -> None:
    assert scalar_of(scalar(text)) == value


@pytest.mark.parametrize("text", ["!!str", "!!int a", "!!python/name:os.system x", ".inf"])
def test_a_scalar_that_json_has_not_names_its_line(text: str) -> None:
    with pytest.raises(BrokenError) as caught:
        scalar_of(scalar(f"\n- {text}"))
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("value", "key"), [("a", "a"), (True, "true"), (False, "false"), (7, "7"), (1.5, "1.5")]
)
def test_a_key_is_a_word(value: object, key: str) -> None:
    assert key_of(scalar("a"), value) == key


@pytest.mark.parametrize("value", [None, [], {}])
def test_what_is_no_word_is_no_key(value: object) -> None:
    with pytest.raises(BrokenError, match="key"):
        key_of(scalar("a"), value)


def test_only_mappings_are_merged() -> None:
    assert sources_of(scalar("a"), [{"a": 1}, {"b": 2}]) == [{"a": 1}, {"b": 2}]
    with pytest.raises(BrokenError, match="<< takes a mapping"):
        sources_of(scalar("a"), [{"a": 1}, 2])


def test_an_event_without_a_mark_has_no_line() -> None:
    assert line_of(Event()) == 0
