"""Loading the study's images in the driver, before anything is started or written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import ExitCode, SearchError, SpaceError
from search.ledger.history import History
from search.study.domains import Choice, Scalar
from search.study.sections import DataSource
from search.study.study import Study
from trainables.data.location import ENVIRONMENT_VARIABLE

if TYPE_CHECKING:
    from trainables.data.dataset import Dataset
    from trainables.settings.module_network import CutNetworkConfig

CONCEPT_TABLE = "auxiliary.concept_table"
BUILT_BY = ("layer", "weights", "train", "factory", "name", "input_channels")


class DataMissing(SearchError):
    """The images are not there, or are not what they should be."""

    exit_code = ExitCode.DATA


def refuse_other_data(history: History, key: str) -> None:
    """A run goes on with the images it began with, or not at all: scores of others do not compare."""
    then = [session.data for session in history.sessions if session.data is not None]
    if then and then[-1] != key:
        raise DataMissing(
            "the images are not those that this run began with: "
            f"their digest was {then[-1][:16]}, now it is {key[:16]}. Restore the files, or start a new run."
        )


def load_inputs(study: Study) -> Dataset:
    """The study's images, once every concept table of its trials has been read too, and a network of
    somebody else's has been built. Raises DataMissing, or SpaceError for a network that cannot be cut."""
    dataset = load_data(study.data)
    # PyTorch comes with what follows, seconds that a search without it is spared.
    taught, measured = _concept_tables(study), study.concepts.set
    if taught or measured:
        _refuse_concepts(taught, measured, dataset)
    if configs := list(_cut_networks(study)):
        _refuse_networks(configs, dataset)
    return dataset


def _refuse_concepts(taught: set[str], measured: str, dataset: Dataset) -> None:
    """DataMissing if a concept set that a trial may be taught does not fit train, or the one that latents are
    measured by, "" for none, does not fit train and val."""
    from trainables.concepts.concept_set import tables, train_table
    from trainables.concepts.prepared import prepare
    from trainables.data.dataset import to_tensors
    from trainables.errors import DataError

    data, n_all = to_tensors(dataset), len(dataset.train) + len(dataset.val) + len(dataset.test)
    try:
        for name in sorted(taught):
            prepare(train_table(name, data.train, n_all), name)
        if measured:
            prepare(tables(measured, data.train, data.val, n_all)[0], measured)
    except DataError as error:
        raise DataMissing(str(error)) from None


def _refuse_networks(configs: list[CutNetworkConfig], dataset: Dataset) -> None:
    """SpaceError if a network of somebody else that a trial may have cannot be built and cut."""
    from trainables.errors import MemberError
    from trainables.networks.network import build_network
    from trainables.seeds import generator

    for config in configs:
        try:
            build_network(config, dataset.image_shape, dataset.n_classes, generator(0))
        except MemberError as error:
            raise SpaceError(f"trial.{error}") from None


def _cut_networks(study: Study) -> Iterator[CutNetworkConfig]:
    """Every combination of what decides how such a network is built, by the values that a trial can have."""
    from trainables.registry import CLASSIFIERS
    from trainables.settings.module_network import CutNetworkConfig

    for kind in sorted(map(str, _values_of(study, "classifier.kind", ""))):
        cls = CLASSIFIERS[kind] if kind else None
        if cls is None or not issubclass(cls, CutNetworkConfig):
            continue
        named = [name for name in BUILT_BY if name in cls.model_fields]
        values = [
            sorted(_values_of(study, f"classifier.{name}", cls.model_fields[name].default)) for name in named
        ]
        for combination in product(*values):
            config = cls.model_validate({"kind": kind, **dict(zip(named, combination, strict=True))})
            if config.begins_where_it_says():  # else no trial is drawn so
                yield config


def _concept_tables(study: Study) -> set[str]:
    """Every value that auxiliary.concept_table can take, but none at all."""
    return {str(value) for value in _values_of(study, CONCEPT_TABLE, "")} - {""}


def _values_of(study: Study, path: str, default: Scalar) -> set[Scalar]:
    """Every value that a setting can take: constant, options of a choice, rows of what is listed."""
    values: list[Scalar] = [study.constants[path]] if path in study.constants else []
    for parameter in study.parameters:
        if parameter.path == path and isinstance(parameter.domain, Choice):
            values += parameter.domain.options
    values += [changes[path] for changes in study.rows.values() if path in changes]
    return set(values) or {default}


def found_again(source: DataSource) -> DataSource:
    """Where the images of a run are now, if they are no longer where it found them.

    A run that moved to another machine names a place of the old one; SAE_SEARCH_DATA may name the new. No
    other images can slip in by that: their digest is compared.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if not named:
        return source
    if source.root is not None and not Path(source.root).is_dir():
        source = source.model_copy(update={"root": None})
    if source.path is not None and not Path(source.path).exists():
        there = Path(named).expanduser().absolute() / Path(source.path).name
        source = source.model_copy(update={"path": str(there)}) if there.exists() else source
    return source


def load_data(source: DataSource) -> Dataset:
    """The images of a study. Raises DataMissing with the path, what is wrong, and how to get them."""
    from trainables.data.dataset import load_dataset
    from trainables.errors import DataError

    try:
        return load_dataset(
            source.name, root=source.root, path=source.path, limit=source.limit, settings=source.settings
        )
    except DataError as error:
        raise DataMissing(str(error)) from None
