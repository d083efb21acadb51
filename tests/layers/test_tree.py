from __future__ import annotations

import tarfile

import pytest

from tests.layers.roots import Content, link
from tests.layers.stubs import ELF, tree_of
from webhook.layers.layer import What
from webhook.layers.tree import ABSENT, LOOP, MAX_LINKS, UNSETTLED, Found, Tree

HARD = tarfile.LNKTYPE


def where(tree: Tree, path: str) -> str:
    found = tree.lookup(path)
    return found.path if isinstance(found, Found) else found.value


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/bin/sh", "usr/bin/dash"),
        ("bin/sh", "usr/bin/dash"),
        ("/./bin//sh", "usr/bin/dash"),
        ("/bin/../bin/sh", "usr/bin/dash"),
        ("/../../bin/sh", "usr/bin/dash"),
        ("/usr/bin/nothing", "absent"),
        ("/usr/bin/dash/x", "absent"),
        ("/up", "etc/up"),
        ("/bin", "usr/bin"),
    ],
)
def test_links_are_followed_within_the_root(path: str, real: str) -> None:
    tree = tree_of(
        {
            "bin": "->usr/bin",
            "usr/bin/sh": "->dash",
            "usr/bin/dash": ELF,
            "etc/up": ELF,
            "up": "->/etc/../../etc/up",
        }
    )

    assert where(tree, path) == real


def test_a_name_lands_where_the_links_of_lower_layers_lead() -> None:
    tree = tree_of(
        {"bin": "->usr/bin", "usr/bin/": ""}, {"bin/tini": ELF}, {"usr/bin/.wh.tini": ""}
    )

    assert tree.lookup("/usr/bin/tini") is ABSENT
    assert tree.lookup("/bin/tini") is ABSENT


@pytest.mark.parametrize(
    ("upper", "path", "real"),
    [
        ({"opt/.wh.a": ""}, "/opt/a/x", "absent"),
        ({"opt/.wh.a": ""}, "/opt/b/y", "opt/b/y"),
        ({".wh.opt": ""}, "/opt/b/y", "absent"),
        ({"opt/.wh..wh..opq": ""}, "/opt/b/y", "absent"),
        ({"opt/.wh..wh..opq": "", "opt/b/y": ELF}, "/opt/b/y", "opt/b/y"),
        ({"opt/.wh..wh..opq": ""}, "/opt", "opt"),
        ({"opt/.wh..wh.plnk": ""}, "/opt/b/y", "opt/b/y"),
        ({"opt": "x"}, "/opt/b/y", "absent"),
        ({"opt": "->srv"}, "/opt/z", "srv/z"),
        ({"opt/b/": ""}, "/opt/b/y", "opt/b/y"),
        ({".wh..wh..opq": ""}, "/srv/z", "absent"),
    ],
)
def test_upper_layers_take_away_and_replace(
    upper: dict[str, Content], path: str, real: str
) -> None:
    lower: dict[str, Content] = {"opt/a/x": ELF, "opt/b/y": ELF, "srv/z": ELF}

    assert where(tree_of(lower, upper), path) == real


def test_a_whiteout_does_not_touch_its_own_layer() -> None:
    assert where(tree_of({"a": ELF}, {".wh.a": "", "a": ELF}), "/a") == "a"


def test_a_plain_file_in_place_of_a_program_is_none() -> None:
    tree = tree_of({"app": ELF}, {"app": tarfile.TarInfo()})
    found = tree.lookup("/app")

    assert isinstance(found, Found)
    assert not found.entry.executable
    assert found.entry.elf is None


def test_a_hard_link_is_the_file_it_names_in_this_layer_or_below() -> None:
    tree = tree_of({"a": ELF}, {"b": link("a", HARD)}, {"c": ELF, "d": link("c", HARD)})

    for name in ("b", "d"):
        found = tree.lookup(name)
        assert isinstance(found, Found)
        assert found.entry.elf is not None


def test_circles_and_long_chains_end() -> None:
    chain: dict[str, Content] = {f"l{n}": f"->l{n + 1}" for n in range(MAX_LINKS + 1)}
    tree = tree_of({"a": "->b", "b": "->a", **chain, f"l{MAX_LINKS + 1}": ELF})

    assert tree.lookup("/a") is LOOP
    assert tree.lookup("/l0") is LOOP
    assert where(tree, "/l1") == f"l{MAX_LINKS + 1}"


def test_what_a_lower_layer_may_change_is_not_settled() -> None:
    whole = tree_of({"usr/": "", "usr/bin/": "", "usr/bin/a": ELF}, complete=False)
    loose = tree_of({"usr/bin/a": ELF}, complete=False)

    assert where(whole, "/usr/bin/a") == "usr/bin/a"
    assert whole.lookup("/usr/bin/b") is UNSETTLED
    assert whole.lookup("/bin/a") is UNSETTLED
    assert loose.lookup("/usr/bin/a") is UNSETTLED


def test_os_release_is_the_first_of_two_and_follows_links() -> None:
    both = tree_of({"etc/os-release": "ID=a", "usr/lib/os-release": "ID=b"})
    linked = tree_of({"etc/os-release": "->../usr/lib/os-release", "usr/lib/os-release": "ID=b"})

    assert both.system() == "ID=a"
    assert linked.system() == "ID=b"
    assert tree_of({"a": ELF}).system() is ABSENT
    assert tree_of({"a": ELF}, complete=False).system() is UNSETTLED


def test_a_package_list_that_was_taken_away_is_gone() -> None:
    list_of = {"var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1\n"}
    below: dict[str, Content] = dict(list_of)

    assert tree_of(below).databases()
    assert not tree_of(below, {"var/lib/.wh.dpkg": ""}).databases()
    assert not tree_of(below, {"var/lib/.wh..wh..opq": ""}).databases()


def test_a_hundred_thousand_whiteouts_take_no_time() -> None:
    names: dict[str, Content] = {f"d{n}/": "" for n in range(20_000)}
    gone: dict[str, Content] = {f".wh.d{n}": "" for n in range(20_000)}

    assert [path for path, entry in tree_of(names, gone).names() if entry.what is What.FOLDER] == []
