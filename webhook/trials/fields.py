"""The fields of a `PolicyTest`, read as strictly as those of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.policy import NAMESPACE_NAME
from webhook.core.printable import printable
from webhook.core.resource import API_VERSION
from webhook.core.resource_fields import Fields, is_name, is_namespace
from webhook.core.rules import RULES
from webhook.core.timestamps import parse_moment
from webhook.core.verdict import Mode, Outcome
from webhook.trials.expected import Decision, Expected, Sought
from webhook.trials.told import Told, read_told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from webhook.core.document import Document

KIND = "PolicyTest"
_MAX_NAME = 200
_MATCHES = ("verdict", "fails", "unknown", "findings")


class Which(msgspec.Struct, frozen=True):
    """Which of the objects in the files a test is about; an empty field is true of all."""

    kind: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """`kind Pod, name web`; empty where all are meant."""
        named = (("kind", self.kind), ("namespace", self.namespace), ("name", self.name))
        return ", ".join(f"{field} {value}" for field, value in named if value)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One test: what is judged, and what is expected of each verdict."""

    name: str
    line: int
    """Where it begins, from 1."""
    files: tuple[str, ...] = ()
    """As written; `given` stands here where there are none."""
    given: Mapping[str, object] | None = None
    """An object that stands in the test itself."""
    given_line: int = 0
    which: Which = Which()
    expected: Expected


class PolicyTest(msgspec.Struct, frozen=True, kw_only=True):
    """One document: policies, the world around them, and tests of them."""

    name: str
    policies: tuple[str, ...]
    """Files and folders, as written: relative to the document's own folder. Never empty."""
    facts: tuple[str, ...]
    """Files of facts, likewise."""
    images: tuple[Told, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    """Labels of the namespaces, with the name that all have."""
    now: datetime | None
    """Aware; None: the time of the run."""
    trials: tuple[Trial, ...]
    """Never empty."""


def is_policy_test(data: object) -> bool:
    """Whether a document says that it is one."""
    return isinstance(data, dict) and data.get("kind") == KIND


def read_policy_test(document: Document) -> PolicyTest:
    """Read one document.

    Raises:
        FieldError: it is of another kind, has an unknown field or one of the wrong type, or a test
            in it expects nothing; the message is `file:line: PolicyTest name: path: what is wrong`.
    """
    top = Fields(document, "", document.data)
    kind, version = top.text("kind"), top.text("apiVersion")
    if kind != KIND:
        raise top.error(f"expected {KIND}, got {printable(kind, 60)}", "kind")
    if version != API_VERSION:
        raise top.error(f"expected {API_VERSION}, got {printable(version, 60)}", "apiVersion")
    metadata = top.section("metadata")
    name = metadata.text("name")
    if not is_name(name):
        raise metadata.error("expected small letters, digits, dots and hyphens", "name")
    metadata.end()
    titled = Fields(document, f"{KIND} {name}", document.data)
    titled.allow("apiVersion", "kind", "metadata")
    if not titled.has("spec"):
        raise titled.error("spec is missing")
    spec = titled.section("spec")
    titled.end()
    test = PolicyTest(
        name=name,
        policies=spec.texts("policies"),
        facts=spec.texts("facts", ()),
        images=tuple(map(read_told, spec.sections("images"))),
        namespaces=_namespaces(spec.section("namespaces")),
        now=_now(spec),
        trials=_trials(spec),
    )
    spec.end()
    return test


def _now(spec: Fields) -> datetime | None:
    if not spec.has("now"):
        return None
    moment = parse_moment(spec.text("now"))
    if moment is None:
        raise spec.error("expected a moment such as 2026-11-23T12:00:00Z", "now")
    return moment.at


def _namespaces(fields: Fields) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in fields.keys:
        if not is_namespace(name):
            raise fields.error("expected small letters, digits and hyphens", name)
        found[name] = {**fields.pairs(name), NAMESPACE_NAME: name}
    return found


def _trials(spec: Fields) -> tuple[Trial, ...]:
    trials: dict[str, Trial] = {}
    for fields in spec.sections("tests"):
        trial = _trial(fields)
        if trial.name in trials:
            raise fields.error("there are two tests of this name", "name")
        trials[trial.name] = trial
    if not trials:
        raise spec.error("there are no tests, so nothing would be tested", "tests")
    return tuple(trials.values())


def _trial(fields: Fields) -> Trial:
    name = fields.text("name", limit=_MAX_NAME)
    files = fields.texts("files", ())
    inline = fields.has("object")
    if bool(files) is inline:
        raise fields.error("write either files: [PATH] or object: {…}, what is to be judged")
    which = fields.section("select")
    if inline and which.keys:
        raise fields.error("there is only one object to choose from", "select")
    trial = Trial(
        name=name,
        line=fields.line,
        files=files,
        given=fields.plain("object") if inline else None,
        given_line=fields.section("object").line if inline else 0,
        which=Which(which.text("kind", ""), which.text("namespace", ""), which.text("name", "")),
        expected=_expected(fields),
    )
    which.end()
    fields.end()
    return trial


def _expected(trial: Fields) -> Expected:
    if not trial.has("expect"):
        raise trial.error("expect is missing, so the test would always pass")
    fields = trial.section("expect")
    decision = fields.one_of("verdict", Decision) if fields.has("verdict") else None
    expected = Expected(
        decision=decision,
        fails=_rules(fields, "fails"),
        unknown=_rules(fields, "unknown"),
        findings=tuple(map(_sought, fields.sections("findings"))),
    )
    fields.end()
    if expected == Expected():
        known = ", ".join(_MATCHES)
        raise trial.error(
            f"it expects nothing, so the test would always pass; known: {known}", "expect"
        )
    if decision is Decision.UNCOVERED and expected != Expected(decision=decision):
        raise fields.error("what no policy covers has no findings: write nothing else", "verdict")
    return expected


def _rules(fields: Fields, name: str) -> frozenset[str] | None:
    if not fields.has(name):
        return None
    rules = fields.texts(name, ())
    for index, rule in enumerate(rules):
        if rule not in RULES:
            raise fields.error(f"there is no such rule; known: {', '.join(RULES)}", name, index)
    return frozenset(rules)


def _sought(fields: Fields) -> Sought:
    rule = fields.text("rule")
    if rule not in RULES:
        raise fields.error(f"there is no such rule; known: {', '.join(RULES)}", "rule")
    sought = Sought(
        rule=rule,
        outcome=fields.one_of("outcome", Outcome),
        mode=fields.one_of("mode", Mode) if fields.has("mode") else None,
        reason=fields.one_of("reason", Reason) if fields.has("reason") else None,
        policy=fields.text("policy", ""),
        container=fields.text("container", ""),
        image=fields.text("image", ""),
        exception=fields.text("exception", ""),
        message=fields.text("message", ""),
    )
    fields.end()
    if sought.reason is not None and sought.outcome is not Outcome.UNKNOWN:
        raise fields.error("only what is unknown has a reason", "reason")
    return sought
