"""Imports point one way, heavy libraries stay where they belong, and no name is taken twice."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

import analysis
import search
import trainables

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "trainables": {"trainables"},
    "search": {"search", "trainables"},
    "analysis": {"analysis", "search", "trainables"},
}
OURS = {*MAY_IMPORT, "tests"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported_modules(path: Path, *, types_too: bool = True) -> set[str]:
    """Full names of everything a file imports, wherever in it."""
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not types_too:
        tree.body = [node for node in tree.body if not _is_for_types(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(path: Path) -> set[str]:
    """The top-level packages among them."""
    return {name.partition(".")[0] for name in imported_modules(path)}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    assert len(modules(package)) >= 1
    for path in modules(package):
        foreign = imported(path) & OURS - MAY_IMPORT[package]
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


def test_only_the_actors_of_trainables_know_ray() -> None:
    knowing = {path.name for path in modules("trainables") if "ray" in imported(path)}
    assert knowing == {"trial_actor.py", "gpu_batching.py"}


def test_nobody_imports_the_script() -> None:
    for package in OURS:
        for path in modules(package):
            assert "search.run" not in imported_modules(path), path


def test_no_file_and_no_folder_hides_another_library() -> None:
    """`python search/run.py` puts search/ first on the path: a logging.py there would break Ray."""
    taken = set(sys.stdlib_module_names) | set(packages_distributions())
    for package in MAY_IMPORT:
        folders = {path.parent.name for path in modules(package)} - {package}
        ours = {path.stem for path in modules(package)} | folders
        assert not (ours - {"__init__"}) & taken


def test_the_packages_are_the_ones_of_this_tree() -> None:
    for package in (analysis, search, trainables):
        assert package.__file__ is not None
        assert Path(package.__file__).is_relative_to(ROOT)


def room_of(path: Path) -> str | None:
    """The folder right below a package that a file lies in, `search.ledger`; None for a loose file."""
    parts = path.relative_to(ROOT).parts
    return ".".join(parts[:2]) if len(parts) > 2 else None


FILES = {path: room_of(path) for package in MAY_IMPORT for path in modules(package)}
ROOMS = sorted({room for room in FILES.values() if room is not None})


def files_imported(path: Path, *, types_too: bool = True) -> set[Path]:
    """Ours among what a file imports."""
    found = set()
    for name in imported_modules(path, types_too=types_too):
        while name:
            at = ROOT / Path(*name.split(".")).with_suffix(".py")
            if at in FILES:
                found.add(at)
                break
            name = name.rpartition(".")[0]
    return found - {path}


def declared(room: str) -> set[str]:
    """What a room may import, by the last paragraph of its `__init__.py`."""
    said = ast.get_docstring(ast.parse((ROOT / Path(*room.split(".")) / "__init__.py").read_text()))
    assert said is not None, room
    head, found, names = said.rpartition("May import: ")
    assert found, f"{room}/__init__.py does not end in `May import: ...`"
    assert len(head.split()) >= 8, f"{room}/__init__.py does not say what lives there"
    return set() if names == "no other room." else {name.strip() for name in names.rstrip(".").split(",")}


def cycle_in(arrows: Mapping[Any, Collection[Any]]) -> list[Any]:
    """A closed way along the arrows, empty if there is none."""
    done: set[Any] = set()

    def follow(node: Any, way: list[Any]) -> list[Any]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for after in arrows.get(node, ()):
            if found := follow(after, [*way, node]):
                return found
        done.add(node)
        return []

    return next((found for node in arrows if (found := follow(node, []))), [])


def test_a_cycle_is_found() -> None:
    assert cycle_in({1: [2, 3], 2: [3], 3: []}) == []
    assert cycle_in({1: [2], 2: [3], 3: [2]}) == [2, 3, 2]


def test_files_import_each_other_one_way() -> None:
    """What only the type checker reads is left aside: two classes may name each other in signatures."""
    assert not cycle_in({path: files_imported(path, types_too=False) for path in FILES})


def test_rooms_import_each_other_one_way() -> None:
    assert not cycle_in({room: declared(room) for room in ROOMS})


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_init_declares(room: str) -> None:
    assert declared(room) <= set(ROOMS) - {room}
    for path in (path for path, own in FILES.items() if own == room):
        for other in files_imported(path):
            arrow = f"{path.relative_to(ROOT)} imports {other.relative_to(ROOT)}"
            assert FILES[other] in {None, room, *declared(room)}, (
                f"{arrow}: not declared in {room}/__init__.py"
            )


def test_inits_hold_a_paragraph_and_no_code() -> None:
    """But for one, which sets what must be set before torch loads."""
    for path in (path for path in FILES if path.name == "__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert isinstance(body[0], ast.Expr), path
        if path == ROOT / "trainables" / "__init__.py":
            assert imported_modules(path) == {"os"}
        else:
            assert len(body) == 1, path


def test_every_folder_is_a_package() -> None:
    for path in FILES:
        assert path.with_name("__init__.py") in FILES, path


LIGHT = """
import sys
sys.argv = ["run.py", "spaces/sae.yaml"]
from search.cli.options import parse
from search.space.loader import load_study
load_study(parse().mode.space)
heavy = {"torch", "ray", "optuna", "numpy", "sklearn", "pandas", "rich"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_space_is_checked_without_anything_heavy() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], cwd=ROOT, check=True)


def test_files_stay_readable() -> None:
    for package in MAY_IMPORT:
        for path in modules(package):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
