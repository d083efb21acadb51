"""What the test results say: `few FILE`, whether few tests failed; `all COMMAND…`, the verdict."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

FEW = 3
"""So many things may go wrong beside other tests, and not alone; more than that is no accident."""
NEVER = ("test_faults", "test_rotation_under_load", "test_serve_through_changes", "test_zz_rbac")
"""What these see once in any run is wrong: a review that failed, a Pod that slipped in."""


def suite(file: Path) -> ET.Element:
    """The one suite of a file of results."""
    return ET.parse(file).getroot()[0]


def count(of: ET.Element, what: str) -> int:
    """A number that stands at the suite: `tests`, `skipped`."""
    return int(of.get(what, "0"))


def bad(of: ET.Element) -> list[str]:
    """The names of the tests that failed."""
    return [
        f"{case.get('classname')}::{case.get('name')}"
        for case in of.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]


def measured(of: ET.Element) -> list[str]:
    """What tests wrote down of what they saw, a line each."""
    return [
        f"{case.get('name')}: {one.get('name')} {one.get('value')}\n"
        for case in of.iter("testcase")
        for one in case.iter("property")
    ]


def accidents(of: ET.Element) -> int:
    """How many things went wrong: what a module's tests share breaks all of them at once."""
    cases = [case for case in of.iter("testcase") if case.find("failure") is None]
    shared = {case.get("classname") for case in cases if case.find("error") is not None}
    return sum(case.find("failure") is not None for case in of.iter("testcase")) + len(shared)


def few(file: Path) -> bool:
    """Whether something went wrong, not more than `FEW` times, and nothing that may `NEVER`."""
    if not file.exists():
        return False
    found = suite(file)
    never = any(f".{name}::" in one for one in bad(found) for name in NEVER)
    return 0 < accidents(found) <= FEW and not never


def passes(again: ET.Element, tests: int) -> bool:
    """Whether so many tests ran, and all of them passed."""
    return count(again, "tests") == tests and not bad(again) and not count(again, "skipped")


def verdict(commands: list[str]) -> list[str]:
    """Print the counts; what is wrong, a line each."""
    wrong = [f"failed: {command}" for command in commands]
    for name in ("junit", "junit-e2e"):
        report, alone = (Path("build", f"{name}{end}.xml") for end in ("", "-alone"))
        if not report.exists():
            wrong.append(f"{name}: the tests did not run to their end")
            continue
        found = suite(report)
        total, skipped, failed = count(found, "tests"), count(found, "skipped"), bad(found)
        passed = total - len(failed) - skipped
        print(f"{name}: {passed} passed, {len(failed)} failed, {skipped} skipped")
        print(*measured(found), sep="", end="")
        if total == skipped:
            wrong.append(f"{name}: no test has run")
        if failed and alone.exists() and passes(suite(alone), len(failed)):
            print(*(f"failed beside others, passed alone: {one}" for one in failed), sep="\n")
        else:
            wrong += [f"failed: {one}" for one in failed]
        # A test that was skipped because a tool is missing, or because others were, has shown
        # nothing. One that an older API server cannot run is skipped by its version, and told of.
        wrong += sorted(
            {
                reason
                for skip in found.iter("skipped")
                if (reason := skip.get("message", "")).startswith(("tool missing:", "partial run:"))
            }
        )
    return wrong


if __name__ == "__main__":
    if sys.argv[1] == "few":
        sys.exit(not few(Path(sys.argv[2])))
    sys.exit("\n".join(verdict(sys.argv[2:])) or 0)
