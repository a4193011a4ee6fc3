"""The pages that are made from the code say what the code says."""

from __future__ import annotations

import ast
import re

import pytest

from docs.generate import code_map, families, metric_list, reference, space_keys
from search.space.trial_fields import slots
from search.study.sections import Budget
from tests.docs_tests.pages import ROOT
from trainables.metrics.catalog import registered


def test_every_value_of_a_trial_has_a_line_with_its_default() -> None:
    lines = space_keys.page().splitlines()
    for path, slot in slots().items():
        (line,) = [line for line in lines if line.startswith(f"| `trial.{path}` |")]
        default = slot.default(next(iter(slot.owners)))
        assert str(default).lower() in line.lower(), line


def test_limits_and_defaults_of_the_other_sections() -> None:
    text = space_keys.page()
    assert f"| `budget.trials` | `{Budget().trials}` | a whole number from 1 to 1,000,000 |" in text
    assert "| `objectives[].metric` | required | the name of one of " in text
    assert "| `objectives[].mode` | required | max, min |" in text
    assert "| `trial.classifier.learning_rate` | `0.001` | a number above 0 to 1 |" in text


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 8192}, "a whole number from 1 to 8,192"),
        ({"type": "number", "exclusiveMinimum": 0}, "a number above 0"),
        ({"anyOf": [{"type": "number"}, {"const": "auto"}]}, "a number or auto"),
        ({"enum": ["a", "b"]}, "a, b"),
        ({"type": "array", "items": {"type": "string"}}, "a list of: text"),
    ],
)
def test_what_is_allowed_in_words(schema: dict[str, object], words: str) -> None:
    assert space_keys.allowed(schema) == words


def test_every_metric_is_listed_once_with_its_direction() -> None:
    lines = metric_list.page().splitlines()
    for metric in registered():
        (line,) = [line for line in lines if line.startswith(f"| `{metric.name}`")]
        assert str(metric.mode or "") in line.split("|")[2]


def test_every_kind_is_listed_with_what_it_is() -> None:
    lines = families.page().splitlines()
    for family in families.FAMILIES:
        for name in family.built_in:
            assert any(re.match(rf"\| `{name}` \| \S.* \|", line) for line in lines), name


def test_the_reference_has_every_public_class_and_function() -> None:
    pages = reference.pages()
    for package in code_map.PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                    page = pages[f"{module.rpartition('.')[0]}.md"]
                    assert f"\n### {node.name}\n" in page, f"{module}.{node.name}"


def test_text_that_looks_like_html_stays_text() -> None:
    tree = ast.parse('def f(x: int = 1, *, y: str) -> None:\n    """Of <study> and `<name>`."""\n')
    (node,) = reference.public(tree.body)
    assert reference.signature(node) == "def f(x: int=1, *, y: str) -> None"
    assert "\n".join(reference._definition(node, 3)).endswith("Of &lt;study> and `<name>`.")


def test_the_table_counts_what_is_there() -> None:
    rooms = {room.path: room for room in code_map.rooms()}
    files = sorted((ROOT / "trainables" / "saes").glob("*.py"))
    assert rooms["trainables/saes"].files == len(files)
    assert rooms["trainables/saes"].lines == sum(len(path.read_text().splitlines()) for path in files)
    total = sum(len(path.read_text().splitlines()) for path in (ROOT / "search").rglob("*.py"))
    assert (
        total
        <= sum(room.lines for path, room in rooms.items() if path.split("/")[0] == "search")
        < 1.2 * total
    )


def test_the_committed_table_is_about_the_rooms_there_are() -> None:
    """Loosely, since every commit moves some line: `python -m docs.generate.code_map --write` mends it."""
    page = code_map.PAGE.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)/` \| \d+ \| ([\d,]+) \|", page, flags=re.MULTILINE))
    gone = [path for path in listed if not (ROOT / path).is_dir()]
    assert gone == [], "the table names folders that are gone"
    now = sum(room.lines for room in code_map.rooms())
    then = sum(
        int(n.replace(",", "")) for path, n in listed.items() if path.split("/")[0] in code_map.PACKAGES
    )
    assert 0.6 * now < then < 1.6 * now


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        code_map.filled("# Architecture\n", "| a |")
