"""Runs the tests of policies: objects to verdicts, verdicts to endings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from webhook.cli.inputs import Inputs, read_inputs, read_into
from webhook.cli.trial_files import read_world
from webhook.core.document import Document
from webhook.errors import InputError, InvalidObjectError
from webhook.manifests import read_file
from webhook.manifests.files import shown
from webhook.reports.trials import Ended, Status
from webhook.reports.wording import placed_sentence
from webhook.trials.expected import Decision, decision_of
from webhook.trials.fields import read_policy_test

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from webhook.cli.inputs import Subject
    from webhook.cli.trial_files import Terms, World
    from webhook.core.verdict import Verdict
    from webhook.trials.fields import Trial

_MAX_OBJECTS = 10_000
"""Objects of one test."""
_MAX_LISTED = 10


def run_file(file: Path, terms: Terms) -> Iterator[Ended]:
    """How every test of a file ended; what cannot be read is an ending, too.

    The file holds `PolicyTest` documents and nothing else.
    """
    try:
        documents = list(read_file(file))
    except InputError as error:
        yield _broken(shown(file), 0, "", error)
        return
    if not documents:
        yield _broken(shown(file), 0, "", InvalidObjectError("there is no document in it"))
    for document in documents:
        name = ""
        try:
            test = read_policy_test(document)
            name = test.name
            world = read_world(test, document, file.parent, terms)
        except InputError as error:
            yield _broken(document.file, document.line, name, error)
            continue
        for trial in test.trials:
            yield _run(trial, world)


def _run(trial: Trial, world: World) -> Ended:
    inputs = _inputs(trial, world)
    if inputs.errors:
        return _ended(trial, world, Status.ERROR, problems=[str(one) for one in inputs.errors])
    subjects = [one for one in inputs.subjects if _meant(one, trial)]
    if not subjects:
        return _ended(trial, world, Status.ERROR, problems=[_nothing(trial, inputs)])
    if len(subjects) > _MAX_OBJECTS:
        return _ended(trial, world, Status.ERROR, problems=[f"more than {_MAX_OBJECTS} objects"])
    engine = world.engine(inputs.namespaces)
    problems: list[str] = []
    uncovered: list[str] = []
    findings: list[str] = []
    for subject in subjects:
        # The source answers everything at once, so there is a verdict.
        verdict = cast("Verdict", engine.review_known(subject.workload))
        title = subject.place.title
        problems += [f"{title}: {one}" for one in trial.expected.shortcomings(verdict)]
        if _vacuous(trial, verdict):
            uncovered.append(
                f"{title}: no policy covers it, so nothing was checked: write the labels of its "
                "namespace in spec.namespaces, or expect verdict: uncovered"
            )
        findings += _shown(title, verdict)
    status = Status.ERROR if uncovered else Status.FAILED if problems else Status.PASSED
    return _ended(
        trial,
        world,
        status,
        objects=len(subjects),
        problems=uncovered or problems,
        findings=findings,
    )


def _inputs(trial: Trial, world: World) -> Inputs:
    """What is judged; its errors are those of the test."""
    if trial.given is not None:
        inputs = Inputs()
        read_into(inputs, Document(world.document.file, trial.given_line, trial.given))
        return inputs
    paths = [os.fspath(world.folder / path) for path in trial.files]
    return read_inputs(paths, _no_stdin)


def _meant(subject: Subject, trial: Trial) -> bool:
    which, place = trial.which, subject.place
    return (
        which.kind in {"", place.kind}
        and which.namespace in {"", place.namespace}
        and which.name in {"", place.name}
    )


def _nothing(trial: Trial, inputs: Inputs) -> str:
    if trial.given is not None:
        return "the object names no image, so nothing is judged"
    if not inputs.subjects:
        return "no object in the files names an image, so nothing is judged"
    there = ", ".join(dict.fromkeys(one.place.title for one in inputs.subjects[:_MAX_LISTED]))
    return f"no object is selected by {trial.which}; there are: {there}"


def _vacuous(trial: Trial, verdict: Verdict) -> bool:
    """Whether nothing was checked, though the test does not say so."""
    return (
        decision_of(verdict) is Decision.UNCOVERED
        and trial.expected.decision is not Decision.UNCOVERED
    )


def _shown(title: str, verdict: Verdict) -> Iterator[str]:
    for one in verdict.findings:
        yield f"{title}: {one.rule} {one.outcome} ({one.mode}): {placed_sentence(one)}"


def _no_stdin() -> BinaryIO:
    raise InputError("-: a test reads no standard input")


def _ended(
    trial: Trial,
    world: World,
    status: Status,
    *,
    problems: list[str],
    objects: int = 0,
    findings: list[str] | None = None,
) -> Ended:
    return Ended(
        suite=world.test.name,
        name=trial.name,
        file=world.document.file,
        line=trial.line,
        status=status,
        objects=objects,
        problems=tuple(problems),
        findings=tuple(findings or ()),
    )


def _broken(file: str, line: int, name: str, error: InputError) -> Ended:
    return Ended(
        suite=name, name="", file=file, line=line, status=Status.ERROR, problems=(str(error),)
    )
