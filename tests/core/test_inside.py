from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW, config, pod, use
from webhook.core.argv import Unresolved
from webhook.core.facts import ImageFacts, PlatformImage
from webhook.core.files import Seen
from webhook.core.image import ImageRef
from webhook.core.inside import End, Ending, Inside, Program, ProgramKind
from webhook.core.pid1 import pid1
from webhook.core.process import look
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image
from webhook.core.standing import Kind
from webhook.core.verdict import Answer, Outcome

DIGEST = "sha256:" + "ab" * 32
FOLDERS = ("/usr/bin", "/bin")
EXEC = Ending.EXEC


def program(word: str, kind: ProgramKind = ProgramKind.ELF, path: str = "") -> Program:
    return Program(word, kind, path or word)


def script(*ends: End, interpreter: tuple[str, ...] = ("/bin/sh",)) -> Program:
    return Program("/e.sh", ProgramKind.SCRIPT, "/e.sh", interpreter, ends)


def inside(*programs: Program, inits: tuple[str, ...] = ("/usr/bin/tini",)) -> Inside:
    return Inside(programs=programs, inits=inits, folders=FOLDERS)


def answer(
    found: Inside,
    argv: tuple[str, ...] = ("/e.sh", "app"),
    *,
    command: tuple[str, ...] = (),
    mounts: tuple[str, ...] = (),
    shared: bool = False,
) -> Answer:
    image = Image(
        ImageRef.parse("r.example/web"),
        ImageFacts(
            digest=DIGEST,
            platforms=(PlatformImage("linux/amd64", "", config(entrypoint=argv, cmd=()), found),),
        ),
    )
    container = msgspec.structs.replace(use(command=command), mounts=mounts)
    workload = pod(container, share_process_namespace=shared)
    return InitRule().check(container, workload, image, NOW)


TINI = End(EXEC, ("tini", "--", "${@:1}"), line='exec tini -- "$@"')
APP = End(EXEC, ("${@:1}",), line='exec "$@"')
STAYS = End(Ending.STAYS, line="app")
UNTOLD = End(Ending.UNTOLD, line='eval "$X"')


@pytest.mark.parametrize(
    ("ends", "outcome", "words"),
    [
        ((TINI,), Outcome.PASS, "PID 1 would be tini, which the script /e.sh becomes."),
        ((APP,), Outcome.FAIL, "PID 1 would be `/e.sh app`, in the end app, which is no init."),
        (
            (STAYS,),
            Outcome.FAIL,
            (
                "PID 1 would be `/e.sh app`, a script: the shell reaps orphans, but the stop "
                "signal does not reach the program (the script /e.sh does not end in `exec`: "
                "its shell stays)."
            ),
        ),
        (
            (UNTOLD, TINI),
            Outcome.UNKNOWN,
            (
                "PID 1 would be `/e.sh app`, a script: whether it ends as an init cannot be told "
                '(eval "$X").'
            ),
        ),
        (
            (TINI, APP),
            Outcome.UNKNOWN,
            (
                "PID 1 would be `/e.sh app`, a script: whether it ends as an init cannot be told "
                "(it becomes tini or app, as the case may be)."
            ),
        ),
    ],
)
def test_a_script_that_was_read_is_judged(
    ends: tuple[End, ...], outcome: Outcome, words: str
) -> None:
    found = answer(inside(script(*ends)))

    assert (found.outcome, found.message) == (outcome, words)


def test_the_cure_of_a_script_that_stays_is_exec() -> None:
    assert answer(inside(script(STAYS))).fix.startswith(
        "Put `exec` in front of the last command of the script."
    )


def test_a_shared_namespace_does_not_mend_a_script_that_stays() -> None:
    assert answer(inside(script(STAYS)), shared=True).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (ProgramKind.MISSING, "it is not in the image"),
        (ProgramKind.DENIED, "its file in the image is not executable"),
        (ProgramKind.FOREIGN, "it is built for another platform than the image says"),
        (ProgramKind.BROKEN, "its file in the image is no program"),
    ],
)
def test_what_cannot_be_started_fails_and_says_why(kind: ProgramKind, why: str) -> None:
    found = answer(inside(program("/sbin/tini", kind)), ("/sbin/tini", "--", "app"))

    assert found.outcome is Outcome.FAIL
    assert found.message == (
        f"PID 1 would be `/sbin/tini -- app`, but tini cannot be started: {why}."
    )
    assert found.fix.startswith("Put it into the image where PATH finds it")


@pytest.mark.parametrize(
    ("command", "inits", "outcome"),
    [
        (("tini", "--", "app"), ("/usr/bin/tini",), Outcome.PASS),
        (("tini", "--", "app"), (), Outcome.FAIL),
        (("/bin/tini", "--", "app"), ("/bin/tini",), Outcome.PASS),
        (("/bin/tini", "--", "app"), ("/usr/bin/tini",), Outcome.FAIL),
        # Nobody looked there.
        (("/opt/tini", "--", "app"), (), Outcome.PASS),
        # Not among the names that were looked for.
        (("catatonit2", "--", "app"), (), Outcome.FAIL),
    ],
)
def test_an_init_that_a_pod_names_must_be_there(
    command: tuple[str, ...], inits: tuple[str, ...], outcome: Outcome
) -> None:
    assert answer(inside(inits=inits), command=command).outcome is outcome


def test_an_init_that_was_seen_is_not_said_to_be_unseen() -> None:
    seen = answer(inside(), command=("tini", "--", "app"))
    unseen = answer(inside(inits=()), command=("/opt/tini", "--", "app"))

    assert seen.message == "PID 1 would be tini."
    assert "cannot show that it is in the image" in unseen.message


@pytest.mark.parametrize(
    ("mounts", "outcome"),
    [
        ((), Outcome.PASS),
        (("/data",), Outcome.PASS),
        (("/e.sh",), Outcome.UNKNOWN),
        (("/",), Outcome.UNKNOWN),
    ],
)
def test_what_a_pod_mounts_hides_what_was_seen(mounts: tuple[str, ...], outcome: Outcome) -> None:
    assert answer(inside(script(TINI)), mounts=mounts).outcome is outcome


def test_a_mount_where_path_looks_may_bring_what_is_missing() -> None:
    found = inside(inits=())

    assert answer(found, command=("tini", "app")).outcome is Outcome.FAIL
    assert answer(found, command=("tini", "app"), mounts=("/usr/bin",)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("shell", "kind"),
    [("/bin/busybox", Kind.INIT), ("/usr/bin/bash", Kind.INIT), ("/usr/bin/dash", Kind.SHELL_FORM)],
)
def test_which_shell_it_is_decides_about_a_single_command(shell: str, kind: Kind) -> None:
    files = inside(program("sh", path=shell), program("tini"))

    assert look(("sh", "-c", "tini -- app"), (), files).kind is kind
    assert look(("sh", "-c", "true; tini -- app"), (), files).kind is Kind.SHELL_FORM
    assert look(("sh", "-c", "tini -- app '"), (), files).kind is Kind.SHELL_FORM


def test_an_init_in_the_shebang_counts() -> None:
    dumb = ("/usr/bin/dumb-init", "/bin/sh")
    found = inside(script(APP, interpreter=dumb), inits=dumb[:1])

    assert look(("/e.sh", "app"), (), found).name == "dumb-init"
    assert look(("/e.sh", "app"), (), found).hears is True


def test_a_shell_script_that_calls_itself_tini_is_no_init() -> None:
    fake = Program("tini", ProgramKind.SCRIPT, "/usr/bin/tini", ("/bin/sh",), (STAYS,))

    assert look(("tini", "--", "app"), (), inside(fake)).kind is Kind.STAYS


def test_an_init_in_front_of_a_script_is_judged_with_it() -> None:
    files = inside(program("tini"), script(STAYS), program("app"))
    gone = inside(program("tini"), program("app", ProgramKind.MISSING))

    assert look(("tini", "--", "/e.sh"), (), files).hears is False
    assert look(("tini", "--", "app"), (), gone).kind is Kind.ABSENT


def test_names_behind_a_changed_path_prove_nothing() -> None:
    changed = End(EXEC, ("tini", "--"), path_changed=True, line="exec tini --")
    absolute = End(EXEC, ("/usr/bin/tini", "--"), path_changed=True)
    plain = End(EXEC, ("app",), path_changed=True)

    assert look(("/e.sh",), (), inside(script(changed))).kind is Kind.SCRIPT
    assert look(("/e.sh",), (), inside(script(absolute))).kind is Kind.INIT
    assert look(("/e.sh",), (), inside(script(plain))).kind is Kind.PROGRAM


def test_scripts_that_start_each_other_end_somewhere() -> None:
    again = End(EXEC, ("$0", "${@:1}"))
    longer = End(EXEC, ("$0", "x", "${@:1}"))
    nothing = End(EXEC, ("${@:1}",))

    assert look(("/e.sh", "a"), (), inside(script(again))).kind is Kind.SCRIPT
    assert look(("/e.sh", "a"), (), inside(script(longer))).kind is Kind.SCRIPT
    assert look(("/e.sh",), (), inside(script(nothing))).kind is Kind.SCRIPT
    assert look(("/e.sh", "app"), (), inside(script(again, TINI))).kind is Kind.INIT


def test_the_words_of_an_end_are_put_together() -> None:
    end = End(EXEC, ("$0", "${2}", "${9}", "$X", "${x}", "${@:2}"), dynamic=(3,))
    argv = end.command("/e.sh", ("a", "b", "c"))

    assert argv == ("/e.sh", "b", "", "$X", "${x}", "b", "c")
    assert isinstance(argv[3], Unresolved)


@pytest.mark.parametrize(
    ("interpreter", "kind"),
    [
        (("/bin/busybox", "sh"), Kind.INIT),
        (("/usr/bin/env", "-S tini -- bash"), Kind.INIT),
        (("/usr/bin/env", "bash"), Kind.INIT),
    ],
)
def test_a_shell_by_another_way_is_a_shell(interpreter: tuple[str, ...], kind: Kind) -> None:
    assert look(("/e.sh",), (), inside(script(TINI, interpreter=interpreter))).kind is kind


def test_an_interpreter_that_is_missing_starts_nothing() -> None:
    gone = inside(script(TINI), program("/bin/sh", ProgramKind.MISSING))

    assert look(("/e.sh",), (), gone).kind is Kind.ABSENT
    assert pid1(config(entrypoint=("/e.sh",), cmd=()), gone).summary == (
        "none, e.sh cannot be started: /e.sh"
    )


@pytest.mark.parametrize(
    ("interpreter", "kind"),
    [
        (("/usr/bin/python3",), Kind.PROGRAM),
        (("/usr/bin/execlineb", "-P"), Kind.SCRIPT),
        (("/usr/bin/env", "tini bash"), Kind.PROGRAM),
        (("/usr/bin/env", "-S tini -- bash"), Kind.INIT),
        (("/bin/busybox", "sh"), Kind.PROGRAM),
        ((), Kind.PROGRAM),
        (("/bin/bash",), Kind.PROGRAM),
    ],
)
def test_other_interpreters_tell_what_they_can(interpreter: tuple[str, ...], kind: Kind) -> None:
    file = Program("/run", ProgramKind.SCRIPT, "/run", interpreter)

    assert look(("/run", "app"), (), inside(file)).kind is kind


def test_a_shell_reads_a_script_by_its_path() -> None:
    here = Program("./run", ProgramKind.DENIED, "/srv/run", (), (TINI,))

    assert look(("sh", "run", "app"), (), inside(here)).kind is Kind.INIT


def test_a_summary_says_what_stays() -> None:
    found = pid1(config(entrypoint=("/e.sh",), cmd=()), inside(script(STAYS)))

    assert found.summary == "script that stays: /e.sh"


def test_has_says_only_what_is_known() -> None:
    seen = Seen(inside(program("app"), program("gone", ProgramKind.MISSING)))

    assert seen.has("app")
    assert seen.has("tini")
    assert seen.has("/usr/bin/tini")
    assert not seen.has("gone")
    assert not seen.has("other")
