"""Which suggester a study asks for."""

from __future__ import annotations

from search.ledger.recorder import Recorder
from search.scheduling.suggester import ListSuggester, SamplingSuggester, Suggester
from search.study.study import Study


def suggester_for(study: Study, recorder: Recorder, target: int) -> Suggester:
    """The study's list, its sampler, or its sampler weighed by what stages cost."""
    if study.listed is not None:
        return ListSuggester(study.listed, recorder, target)
    if not study.sampler.stages:
        return SamplingSuggester(study, recorder, target)
    from search.stages.chooser import StageChooser  # scikit-learn comes with it

    return SamplingSuggester(study, recorder, target, StageChooser(study, recorder.history).choose)
