"""Imports point one way, heavy libraries stay where they belong, and no name is taken twice."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

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


def imported_modules(path: Path) -> set[str]:
    """Full names of everything a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


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


def test_no_module_of_search_hides_another_library() -> None:
    """`python search/run.py` puts search/ first on the path: a logging.py there would break Ray."""
    taken = set(sys.stdlib_module_names) | set(packages_distributions())
    ours = {path.stem for path in (ROOT / "search").glob("*.py")} - {"__init__"}
    assert not ours & taken


def test_the_packages_are_the_ones_of_this_tree() -> None:
    for package in (analysis, search, trainables):
        assert package.__file__ is not None
        assert Path(package.__file__).is_relative_to(ROOT)


def test_package_inits_are_empty() -> None:
    """But for one, which sets what must be set before torch loads."""
    for package in MAY_IMPORT:
        for path in (ROOT / package).rglob("__init__.py"):
            if path == ROOT / "trainables" / "__init__.py":
                assert imported_modules(path) == {"os"}
            else:
                assert path.read_text(encoding="utf-8") == "", path


LIGHT = """
import sys
sys.argv = ["run.py", "spaces/sae.yaml"]
from search.cli.options import parse
from search.space.loader import load_study
load_study(parse().space)
heavy = {"torch", "ray", "optuna", "numpy", "sklearn", "pandas", "rich"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_space_is_checked_without_anything_heavy() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], cwd=ROOT, check=True)


def test_files_stay_readable() -> None:
    for package in MAY_IMPORT:
        for path in modules(package):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
