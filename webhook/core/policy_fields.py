"""The fields of a policy: where it holds, what its rules are, and what a broken one does."""

from __future__ import annotations

import re

from webhook.core.policy import ActiveRule, OnUnknown, Policy, Templates
from webhook.core.printable import printable
from webhook.core.registries import Registries
from webhook.core.resource_fields import FieldError, Fields, is_name
from webhook.core.rules import RULES
from webhook.core.selector import Operator, Requirement, Selector
from webhook.core.verdict import Mode
from webhook.errors import InvalidPolicyError

# Kubernetes, «Labels and Selectors», syntax and character set.
_WORD = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)


def read_policy(name: str, spec: Fields, registries: Registries, *, namespace: str = "") -> Policy:
    """The policy that a document's `spec` describes.

    One with a `namespace` covers that namespace, and has no `namespaceSelector`.

    Raises:
        InvalidPolicyError: a field is wrong; names it, and what to write instead.
    """
    mode = spec.word("mode", Mode.ENFORCE)
    policy = Policy(
        name=f"{namespace}/{name}" if namespace else name,
        namespace=namespace,
        namespaces=Selector() if namespace else _selector(spec.section("namespaceSelector")),
        on_unknown=spec.word("onUnknown", OnUnknown.DENY),
        # The setting only softens: without it templates are judged as everything else.
        templates=spec.word("templates", Templates.ENFORCE),
        rules=_rules(spec, mode, registries),
    )
    spec.end()
    if not policy.rules:
        known = ", ".join(RULES)
        raise spec.error(f"a policy without rules checks nothing; known: {known}", "rules")
    return policy


def _rules(spec: Fields, mode: Mode, registries: Registries) -> tuple[ActiveRule, ...]:
    rules = spec.section("rules")
    active: list[ActiveRule] = []
    for name, read in RULES.items():
        if rules.has(name):
            settings = rules.section(name)
            own = settings.word("mode", mode)
            try:
                rule = read(settings, registries)
            except FieldError:
                raise
            except InvalidPolicyError as error:
                # The rule itself refuses its settings; it does not know where they stand.
                raise settings.error(str(error)) from error
            active.append(ActiveRule(rule, own))
            settings.end()
    rules.end()
    return tuple(active)


def _selector(selector: Fields) -> Selector:
    requirements: list[Requirement] = []
    for key, value in selector.pairs("matchLabels").items():
        _check_label(selector, key, (value,), "matchLabels", key)
        requirements.append(Requirement(key, Operator.IN, (value,)))
    for expression in selector.sections("matchExpressions"):
        requirements.append(_requirement(expression))
        expression.end()
    selector.end()
    return Selector(tuple(requirements))


def _requirement(expression: Fields) -> Requirement:
    key = expression.text("key")
    operator = expression.one_of("operator", Operator)
    values = expression.texts("values", (), empty=True)
    takes_values = operator in {Operator.IN, Operator.NOT_IN}
    if takes_values and not values:
        raise expression.error(f"{operator} needs at least one value", "values")
    if values and not takes_values:
        raise expression.error(f"{operator} takes no values", "values")
    _check_label(expression, key, values)
    return Requirement(key, operator, values)


def _check_label(fields: Fields, key: str, values: tuple[str, ...], *path: str) -> None:
    """Refuse what no label can be: it would select nothing, and nobody would notice."""
    prefix, slash, word = key.rpartition("/")
    if not _WORD.fullmatch(word) or (slash and not is_name(prefix)):
        raise fields.error("this is no key of a label", *(path or ("key",)))
    for value in values:
        if value and not _WORD.fullmatch(value):
            raise fields.error(
                f"{printable(value, 60)} is no value of a label", *(path or ("values",))
            )
