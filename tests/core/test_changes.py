"""What an UPDATE leaves as it was, to rules that read more or less of it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.builders import NOW, config, facts, image, pod, use
from webhook.core.changes import Changes, Reads
from webhook.core.facts import Reason, Unknown
from webhook.core.registries import Registries
from webhook.core.rules import RULES
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.promotion import PromotionRule
from webhook.core.rules.protocol import Image, Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.rules.stop import StopRule
from webhook.core.workload import Hook, ImageUse, Role, Workload

BEFORE = use()
EACH: tuple[Rule, ...] = (
    DigestRule(),
    RegistryRule(environments=("production",), registries=Registries()),
    PromotionRule(registries=Registries()),
    ProvenanceRule(),
    InitRule(),
    StopRule(),
)
IMAGE, PROCESS, EVERYTHING = Reads.IMAGE, Reads.PROCESS, Reads.EVERYTHING
ALL = frozenset(Reads)
STOPS = ALL - {IMAGE, PROCESS}
OF_USE: list[tuple[dict[str, Any], frozenset[Reads]]] = [
    ({"pointer": "/spec/containers/7/image"}, frozenset()),
    ({"image": "nginx"}, ALL),
    ({"container": "other"}, ALL),
    ({"role": Role.SIDECAR}, ALL),
    ({"command": ("/app",)}, ALL),
    ({"args": ("--fast",)}, ALL),
    ({"env": (("APP", "/app"),)}, ALL - {IMAGE}),
    ({"mounts": ("/app",)}, ALL - {IMAGE}),
    ({"stop_signal": "SIGQUIT"}, STOPS),
    ({"pre_stop": Hook(5)}, STOPS),
    ({"pre_stop": Hook(acts=True, mark="a")}, STOPS),
]
OF_WORKLOAD: list[tuple[dict[str, Any], frozenset[Reads]]] = [
    ({"labels": {"team": "a"}}, frozenset()),
    ({"service_account": "other"}, frozenset()),
    ({"requester": "somebody"}, frozenset()),
    ({"uid": "1"}, frozenset()),
    ({"share_process_namespace": True}, ALL),
    ({"host_pid": True}, ALL - {IMAGE}),
    ({"os": "windows"}, ALL - {IMAGE}),
    ({"os": "linux"}, frozenset()),
    ({"grace_seconds": 5}, STOPS),
    ({"grace_seconds": 30}, frozenset()),
]


def changed(before: Workload | None, after: Workload) -> frozenset[Reads]:
    """To whom the first use is another one."""
    changes = Changes(before, after)
    return frozenset(one for one in Reads if not changes.spare(after.images[0].pointer, one))


@pytest.mark.parametrize(("change", "to"), OF_USE, ids=str)
def test_what_changes_in_a_use_is_new_to_the_rules_that_read_it(
    change: dict[str, Any], to: frozenset[Reads]
) -> None:
    after = replace(BEFORE, **change)

    assert changed(pod(BEFORE), pod(after)) == to
    assert changed(pod(after), pod(BEFORE)) == to


@pytest.mark.parametrize(("change", "to"), OF_WORKLOAD, ids=str)
def test_what_changes_around_all_uses_is_new_to_the_rules_that_read_it(
    change: dict[str, Any], to: frozenset[Reads]
) -> None:
    after = replace(pod(BEFORE), **change)

    assert changed(pod(BEFORE), after) == to
    assert changed(after, pod(BEFORE)) == to


def test_everything_is_new_on_create() -> None:
    assert changed(None, pod()) == ALL


def test_only_the_use_that_was_added_is_new() -> None:
    added = use("debug:1", container="debugger", role=Role.EPHEMERAL)
    changes = Changes(pod(BEFORE), pod(BEFORE, added))

    assert changes.spare(BEFORE.pointer, EVERYTHING)
    assert not changes.spare(added.pointer, IMAGE)
    assert not changes.spare("", IMAGE)


def test_the_whole_is_as_it_was_where_every_use_is() -> None:
    changes = Changes(
        pod(BEFORE, use("a:1", container="gone")), pod(replace(BEFORE, mounts=("/",)))
    )

    assert changes.spare("", IMAGE)
    assert not changes.spare("", PROCESS)


def test_every_field_of_a_use_is_in_the_table_of_changes() -> None:
    """Whoever adds one says here to whom it is a change; by itself it is one to all rules."""
    assert {field for change, _ in OF_USE for field in change} == set(ImageUse.__struct_fields__)


class Watched:
    """Tells which fields of a value are read."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self.value, name)


@pytest.mark.parametrize("rule", EACH, ids=lambda rule: rule.name)
def test_a_rule_reads_nothing_that_is_no_change_to_it(rule: Rule) -> None:
    rows = (*OF_USE, *OF_WORKLOAD)
    may = {field for change, to in rows if rule.reads in to for field in change}
    may |= {"grace"} if "grace_seconds" in may else set()
    shell = facts(config(entrypoint=("sh", "-c", "a; b"), stop_signal="SIGQUIT"))
    for known in (facts(), shell, Unknown(Reason.OFFLINE)):
        for one in (use(), use("nginx:1"), use(command=("$(A)",), env=(("A", "nginx"),))):
            seen, around = Watched(one), Watched(pod(one))
            asked = cast("ImageUse", seen), cast("Workload", around)
            rule.check(*asked, Image(image(one.image).ref, known), NOW)
            assert seen.read | around.read <= may


def test_every_rule_is_watched() -> None:
    assert [rule.name for rule in EACH] == list(RULES)


def test_to_watch_a_value_tells_what_is_read() -> None:
    seen = Watched(BEFORE)

    assert seen.image == BEFORE.image
    assert seen.read == {"image"}
