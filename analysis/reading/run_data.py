"""The images that a run was searched on, found again and checked to be the same."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from search.ledger.history import History
from search.run_dir.inputs import load_data, refuse_other_data
from search.study.sections import DataSource
from search.study.study import Study
from trainables.data.location import ENVIRONMENT_VARIABLE

if TYPE_CHECKING:
    from trainables.data.dataset import Dataset


def load_run_data(study: Study, history: History) -> Dataset:
    """The dataset of a run. DataMissing if it is not there, or is not the one the run recorded."""
    dataset = load_data(_found_again(study.data))
    refuse_other_data(history, dataset.key)
    return dataset


def _found_again(source: DataSource) -> DataSource:
    """A run that moved to another machine names a folder of the old one; SAE_SEARCH_DATA may name the new.

    No other images can slip in by that: their digest is compared.
    """
    moved = source.root is not None and not Path(source.root).is_dir()
    return replace(source, root=None) if moved and os.environ.get(ENVIRONMENT_VARIABLE) else source
