"""A space file and its overrides -> a checked Study.

The way through: text (`yaml_source`) -> settings (`space_settings`) and trial entries (`space_trial`,
`space_domains`) -> conditions and order (`space_conditions`) -> rules (`space_rules`) -> Study. Each step
notes what is wrong and goes on where it can, so that one SpaceError tells every mistake. Nothing here
imports torch, ray or optuna.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from search.errors import SpaceError
from search.space.design import designed, read_design
from search.space.entry import Entry, default_of
from search.space.nodes import Leaf, Table, placed, show
from search.space.problems import Problems, Source, Where
from search.space.proposing import check_sampler
from search.space.rules import read_trial_entries
from search.space.settings import read_settings
from search.space.trial import TrialEntries
from search.space.writer import resolved_text
from search.space.yaml_tree import parse, read_text
from search.study.domains import Parameter
from search.study.study import Study
from trainables.foreign import search_in

RUN_INFO = "run.json"


@dataclass(frozen=True)
class LoadedSpace:
    """A Study with the texts a run directory keeps."""

    study: Study
    text: str
    """The file as it was read."""
    resolved_text: str
    """A space file that loads to an equal Study without overrides, every default written out."""


def load_study(path: str | Path, overrides: Sequence[str] = ()) -> LoadedSpace:
    """Read and check a space file.

    `overrides` are `a.b=c`: a dotted key of the file and a YAML value, which may be a whole domain or
    section: `trial.sae.k={log_int: [2, 8]}`. Raises SpaceError that lists every mistake with its place.
    """
    path = Path(path)
    text = read_text(path)
    search_in(*code_folders(path))
    return load_text(text, str(path), overrides, path.absolute().parent)


def code_folders(path: Path) -> list[Path]:
    """Where kinds from outside are looked for: the folder of the space file and the working folder. A run
    directory is data and never among them; of its space file it is the folders that the run noted."""
    folders = [path.parent, Path.cwd()]
    with suppress(OSError, ValueError, TypeError, AttributeError, RecursionError):  # it may hold anything
        folders += map(Path, json.loads((path.parent / RUN_INFO).read_text(encoding="utf-8")).get("code", []))
    return [folder for folder in folders if folder.is_dir() and not _is_in_a_run(folder.resolve())]


def _is_in_a_run(folder: Path) -> bool:
    return any((place / "trials.jsonl").exists() for place in (folder, *folder.parents))


def load_text(
    text: str, label: str, overrides: Sequence[str] = (), folder: Path | None = None
) -> LoadedSpace:
    """As `load_study`, of a text at hand; `label` stands in error messages for the file's path.

    folder: from where relative paths in the text are meant; None leaves them as they are.
    """
    problems = Problems()
    root = parse(Source(label, text, folder=folder), problems)
    if root is not None and not isinstance(root, Table):
        empty = isinstance(root, Leaf) and root.value is None
        what = "the file is empty" if empty else f"the file holds {show(root)}"
        problems.add(root.where, "", f"{what}; must be a mapping with name, question, objectives, trial ...")
    if not isinstance(root, Table):
        problems.raise_any()
        raise AssertionError("a root that is no mapping was not noted")
    for order, override in enumerate(overrides, start=1):
        root = _overridden(root, override, order, problems)
    study = _study(root, problems)
    return LoadedSpace(study, text, resolved_text(study))


def _overridden(root: Table, override: str, order: int, problems: Problems) -> Table:
    """The tree with one `a.b=c` applied; the tree itself stays as it was."""
    key, equals, text = override.partition("=")
    source = Source(f"--set {override}", text, order, Path.cwd())
    keys = key.strip().split(".")
    if not equals or not all(keys):
        problems.add(Where(source, 1, 1), "", "not of the form key.path=value")
        return root
    value = parse(source, problems)
    if value is None:
        return root
    try:
        return placed(root, keys, value)
    except SpaceError as error:
        problems.add(value.where, key.strip(), str(error))
        return root


def _study(root: Table, problems: Problems) -> Study:
    settings = read_settings(root, problems)
    trial, ordered = read_trial_entries(root, problems)
    design = read_design(root, ordered, problems)
    problems.raise_any()
    if design is not None:
        own = designed(settings, root, design)
        return Study(
            **own, parameters=design.parameters, constants=dict(design.arms[0].values), listed=design
        )
    fixed = [entry for entry in ordered if entry.domain is None]
    study = Study(
        **settings,
        parameters=tuple(_parameter(entry, trial) for entry in ordered if entry.domain is not None),
        constants={entry.path: entry.constant for entry in fixed if entry.constant is not None},
        constant_conditions={entry.path: entry.conditions[0] for entry in fixed if entry.conditions},
    )
    check_sampler(root, study, problems)
    problems.raise_any()
    return study


def _parameter(entry: Entry, trial: TrialEntries) -> Parameter:
    assert entry.domain is not None
    return Parameter(
        path=entry.path,
        domain=entry.domain,
        conditions=entry.conditions,
        has_switch=entry.or_value is not None,
        or_value=entry.or_value,
        default=default_of(entry, trial.kinds(entry.slot.section)),
        prior=entry.prior,
    )
