"""Which suggester a study asks for."""

from __future__ import annotations

from collections.abc import Sequence

from search.ledger.history import TrialRecord
from search.ledger.recorder import Recorder
from search.scheduling.suggester import ListSuggester, SamplingSuggester, Suggester
from search.study.study import Study


def suggester_for(
    study: Study, recorder: Recorder, target: int, again: Sequence[TrialRecord] = ()
) -> Suggester:
    """The study's list, its sampler, or its sampler weighed by what stages cost.

    again: trials whose settings come first once more.
    """
    if study.listed is not None:
        return ListSuggester(study.listed, recorder, target)
    if not study.sampler.stages:
        return SamplingSuggester(study, recorder, target, again=again)
    from search.stages.chooser import StageChooser  # scikit-learn comes with it

    choose = StageChooser(study, recorder.history).choose
    return SamplingSuggester(study, recorder, target, choose, again)
