"""What CONTRIBUTING says of docstrings, doctests and hooks, as far as a machine can see it."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from docs.generate.code_map import PACKAGES
from docs.generate.reference import Definition, public
from tests.docs_tests.pages import ROOT

MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
WITH_EXAMPLES = [path for path in MODULES if ">>> " in path.read_text(encoding="utf-8")]


def definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    for node in public(body):
        yield node
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body)


FRAGMENTS = {"Of", "For", "From", "By", "Its", "Their", "As", "In", "With", "At", "On", "To", "Once", "Those"}
"""What a sentence of a few words does not begin with."""


def poor_docstrings(tree: ast.Module) -> list[str]:
    """Public names without a docstring, or with one of three words or fewer, that is a fragment or does not
    end."""
    poor = []
    for node in definitions(tree.body):
        text = ast.get_docstring(node) or ""
        ends = {text.split("\n\n")[0][-2:], text[-2:]}  # an equation may follow a colon, a table the sentence
        first = " ".join(text.split("\n\n")[0].split()).split(". ")[0].split()
        is_fragment = len(first) <= 9 and first[0].strip("`,") in FRAGMENTS if first else True
        if is_fragment or len(text.split()) < 4 or not any(re.search(r"[.?:)\]]", end) for end in ends):
            poor.append(f"line {node.lineno}: {node.name}: {text!r}")
    return poor


TYPED = (
    "search/cli",
    "search/confirmation",
    "search/console",
    "search/ranking",
    "trainables/attribution",
    "trainables/confirmation/panel",
    "trainables/contracts",
    "trainables/edits",
    "trainables/inversion",
    "trainables/losses/latents",
    "trainables/metrics/entries",
    "trainables/networks/front_ends",
    "trainables/pictures",
    "trainables/sae_training",
    "trainables/sae_training/stacks",
    "analysis/charts",
    "analysis/cli",
    "analysis/code_clusters",
    "analysis/comparison",
    "analysis/features",
    "analysis/pages",
    "analysis/report_parts",
    "analysis/this_image",
    "analysis/watch",
)
"""Rooms in which no type is open. Elsewhere it is where JSON, Ray, YAML or somebody's own kind comes in."""


@pytest.mark.parametrize("package", PACKAGES)
def test_public_docstrings_say_something(package: str) -> None:
    """Words and a full stop can be checked; whether they are a good sentence is for a reader."""
    found = {
        path.relative_to(ROOT).as_posix(): poor
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == package
        and (poor := poor_docstrings(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize("room", TYPED)
def test_rooms_without_open_types_stay_so(room: str) -> None:
    modules = [path for path in MODULES if path.parent == ROOT / room]
    trees = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in modules}
    assert trees
    named = {
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "Any"
    }
    assert named == set(), "say what it is, or `object` where nothing is asked of it"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if path.name != "__init__.py"
        and len((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split()) < 4
    ]
    assert silent == []


def test_poor_docstrings_are_found() -> None:
    source = (
        'def a(): pass\ndef b():\n    """Its share."""\ndef c():\n    """The share of all images."""\n'
        'class D:\n    """What a trial is measured by."""\n'
        '    def e(self):\n        """It ends without a stop"""\n'
        'def f():\n    """Of a sample of latents."""\n'
        "def _private(): pass\n"
    )
    assert [poor.split(":")[1].strip() for poor in poor_docstrings(ast.parse(source))] == ["a", "b", "e", "f"]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_in_docstrings_are_true(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


def test_some_docstrings_have_examples() -> None:
    assert len(WITH_EXAMPLES) >= 5


def test_pre_commit_runs_what_make_lint_runs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, flags=re.MULTILINE)
    assert recipe is not None
    lint = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.group(1).splitlines()]
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert [hook["entry"] for hook in hooks] == lint
    assert all(hook["language"] == "system" and not hook["pass_filenames"] for hook in hooks)


def test_contributing_is_short_and_the_targets_it_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z-]+)\b", text)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_citation_has_the_version_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{citation["version"]}"' in project
