"""The page that every finding points to says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from webhook.core.document import Document
from webhook.core.facts import Reason
from webhook.core.judge import MAX_IMAGES
from webhook.core.labels import LABEL_NAMES, Question, Schema
from webhook.core.policy import NAMESPACE_NAME, OnUnknown, Templates
from webhook.core.registries import Registries
from webhook.core.resource_fields import Fields
from webhook.core.resources import load_policies
from webhook.core.rules import RULES
from webhook.core.rules.knob import Knob
from webhook.core.verdict import Mode
from webhook.operator.facts_steps import FactsOptions

PAGE = (Path(__file__).parents[1] / "docs" / "rules.md").read_text()


def chapter(name: str) -> str:
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/rules.md has no heading {name!r}"
    return found[1]


def test_how_long_a_digest_stays_known_is_what_the_operator_keeps() -> None:
    days = FactsOptions().keep_unused.days

    assert f"deletes {days} days after the last" in PAGE


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_heading_of_its_name(rule: str) -> None:
    assert "**Settings" in chapter(rule)


@pytest.mark.parametrize("rule", RULES)
def test_every_setting_of_a_rule_is_explained_there(rule: str) -> None:
    built = RULES[rule](Fields(Document("", 0, {}), "", {}), Registries([]))
    assert isinstance(built, msgspec.Struct)
    settings = [name for name in built.__struct_fields__ if name != "registries"]
    camel = [re.sub("_(.)", lambda found: found[1].upper(), name) for name in settings]

    assert [name for name in camel if f"| `{name}` |" not in chapter(rule)] == []


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_an_unknown_is_explained(reason: Reason) -> None:
    row = rf'^\| <a id="{reason}"></a>`{reason}` \| [^|]+ \| [^|]+ \|$'

    assert re.search(row, chapter("Why a check is unknown"), re.MULTILINE)


def test_no_reason_is_explained_that_does_not_exist() -> None:
    explained = re.findall('<a id="([^"]+)">', PAGE)

    assert explained == [str(reason) for reason in Reason]


@pytest.mark.parametrize("question", list(Question))
@pytest.mark.parametrize("schema", list(Schema))
def test_every_label_is_named_in_full(question: Question, schema: Schema) -> None:
    assert f"`{LABEL_NAMES[schema][question]}`" in chapter("provenance")


@pytest.mark.parametrize("word", sorted({*Mode, *OnUnknown, *Templates}))
def test_every_word_of_a_policy_is_explained(word: str) -> None:
    assert f"`{word}`" in chapter("A policy")


@pytest.mark.parametrize("knob", list(Knob))
def test_every_position_of_a_knob_is_explained(knob: Knob) -> None:
    assert f"`{knob}`" in chapter("init")


def test_the_limit_on_images_is_the_one_that_holds() -> None:
    assert f"### More than {MAX_IMAGES} images" in PAGE
    assert f"more than {MAX_IMAGES} *different* images" in PAGE


def test_the_page_warns_about_namespace_labels() -> None:
    assert "Whoever may label a namespace may leave a policy" in PAGE
    assert NAMESPACE_NAME in PAGE


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
    anchors |= set(re.findall('<a id="([^"]+)">', PAGE))

    assert [link for link in re.findall(r"\]\(#([^)]+)\)", PAGE) if link not in anchors] == []


def test_the_example_of_a_policy_can_be_used() -> None:
    example = re.search(r"^```yaml\n(apiVersion.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert example is not None
    documents = [Document("", 0, one) for one in yaml.safe_load_all(example[1])]

    loaded = load_policies(documents)

    assert loaded.warnings == ()
    assert [active.rule.name for active in loaded.policies.policies[0].rules] == list(RULES)
