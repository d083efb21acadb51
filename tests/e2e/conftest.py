"""One control plane for all end-to-end tests, and what each of them gets of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.e2e import whole_run
from tests.e2e.accounts import install
from tests.e2e.cockets import Cocket, Cockets
from tests.e2e.control_plane import ControlPlane
from tests.e2e.facts_world import World
from tests.e2e.processes import Processes
from tests.e2e.registries import start_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from tests.servers import RealRegistry

_SHOWN = 3000
_STARTED = pytest.StashKey[dict[str, Processes]]()
"""By the name of the fixture."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here is an end-to-end test: nobody can forget to say so."""
    for item in items:
        if whole_run.HERE in item.path.parents:
            item.add_marker("e2e")
    whole_run.order(items)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember it."""
    whole_run.note_deselected(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes said that a failed test has to do with."""
    report = yield
    whole_run.note_skipped(item, report)
    if report.failed:
        names = getattr(item, "fixturenames", ())
        started = item.config.stash.get(_STARTED, {})
        for processes in (one for fixture, one in started.items() if fixture in names):
            for name, tail in processes.tails().items():
                report.sections.append((f"end of {name} in {processes.folder}", tail[-_SHOWN:]))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what the tests measured."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"{report.nodeid}: {name} {value}")


@pytest.fixture(scope="session")
def plane(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[ControlPlane]:
    """The control plane of the run; its custom resources are not installed yet."""
    with ControlPlane(tmp_path_factory.mktemp("plane")) as plane:
        started = pytestconfig.stash.setdefault(_STARTED, {})
        started["plane"] = plane.processes
        yield plane
        del started["plane"]


@pytest.fixture(autouse=True)
def _version(request: pytest.FixtureRequest) -> None:
    """Skip a test whose marker `needs_server` asks for a newer server than there is."""
    for marker in request.node.iter_markers("needs_server"):
        request.getfixturevalue("plane").require(*marker.args)


@pytest.fixture
def needs_server(plane: ControlPlane) -> Callable[[str, str], None]:
    """Skip the test from inside: `needs_server("1.25", reason)`."""
    return plane.require


@pytest.fixture
def processes(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Processes]:
    """Starts processes that end with the test."""
    yield from _processes(tmp_path_factory, pytestconfig, "processes")


@pytest.fixture(scope="module")
def module_processes(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Processes]:
    """Starts processes that end with the module."""
    yield from _processes(tmp_path_factory, pytestconfig, "module_processes")


@pytest.fixture
def cockets(processes: Processes) -> Cockets:
    """Starts `cocket serve` and `cocket operate`, which end with the test."""
    return Cockets(processes)


@pytest.fixture
def operate(plane: ControlPlane, cockets: Cockets, namespace: str) -> Callable[..., Cocket]:
    """Starts an operator for the test's namespace, under the chart's account; it ends with it."""
    kubeconfig = plane.kubeconfig(install(plane, namespace).operator)

    def start(name: str = "operator", *arguments: str) -> Cocket:
        return cockets.operate(
            name,
            *("--kubeconfig", kubeconfig, "--namespace", namespace),
            *("--identity", name, "--exception-namespace", namespace),
            *("--probe-bind", "127.0.0.1"),
            *arguments,
        )

    return start


@pytest.fixture(scope="module")
def account(plane: ControlPlane, request: pytest.FixtureRequest) -> str:
    """The operator's, in a namespace that is called as the module is."""
    plane.install_crds()
    name = request.path.stem.removeprefix("test_").replace("_", "-")
    return install(plane, plane.create_namespace(name)).operator


@pytest.fixture(scope="module")
def registry(module_processes: Processes) -> RealRegistry:
    """A real one, open to everybody."""
    return start_registry(module_processes)


@pytest.fixture
def world(plane: ControlPlane, registry: RealRegistry, account: str, namespace: str) -> World:
    """What facts are told of; a module may have another world."""
    return World(plane, registry, account, namespace)


_numbers = itertools.count(1)


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    """A namespace that only this test uses."""
    return plane.create_namespace(f"e2e-{next(_numbers)}")


def _processes(
    factory: pytest.TempPathFactory, config: pytest.Config, fixture: str
) -> Iterator[Processes]:
    with Processes(factory.mktemp(fixture)) as processes:
        started = config.stash.setdefault(_STARTED, {})
        started[fixture] = processes
        yield processes
        del started[fixture]
