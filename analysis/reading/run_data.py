"""The images that a run was searched on, found again and checked to be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.ledger.history import History
from search.run_dir.inputs import found_again, load_data, refuse_other_data
from search.study.study import Study

if TYPE_CHECKING:
    from trainables.data.dataset import Dataset


def load_run_data(study: Study, history: History) -> Dataset:
    """The dataset of a run. DataMissing if it is not there, or is not the one the run recorded."""
    dataset = load_data(found_again(study.data))
    refuse_other_data(history, dataset.key)
    return dataset
