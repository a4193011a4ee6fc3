"""The study in memory that proposes: what is known of the run's trials, as a sampler is shown it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence

from optuna.samplers import BaseSampler
from optuna.trial import TrialState, create_trial

from search.ledger.history import TrialRecord
from search.ranking.pareto import signs
from search.scheduling.distributions import draw
from search.scheduling.live_storage import LiveStorage
from search.scheduling.optuna_study import OptunaStudy, created
from search.scheduling.prior_draws import believed
from search.scheduling.quasi_random import SobolSampler
from search.scheduling.samplers import has_notes, made
from search.study.domains import Scalar
from search.study.registries import SAMPLERS
from search.study.study import Study

SAMPLED = "sampler"
"""Origin of a trial that the sampler proposed."""
Choose = Callable[[int, Mapping[str, Scalar], Sequence[int]], "Mapping[str, Scalar] | None"]
"""(number, what is proposed so far, numbers of trials that are shown) -> the draw; None for the proposal."""


class LiveStudy(OptunaStudy):
    """Asks the study's sampler for trials, and lets it learn from those that ended."""

    def __init__(self, study: Study, choose: Choose | None = None) -> None:
        """choose: may put another draw in place of what the sampler proposes."""
        self._choose = choose
        self._member = SAMPLERS[study.sampler.name]
        self._replays = has_notes(self._member)
        self._storage = LiveStorage(0 if self._replays else study.sampler.history, signs(study))
        super().__init__(study, created(study, self._storage), teaches=True)

    @property
    def n_trials(self) -> int:
        """Trials in the study, whatever their state."""
        return self._storage.n_trials

    def propose(self, fixed: Mapping[str, Scalar] | None = None, *, again: bool = False) -> dict[str, Scalar]:
        """Params of the next trial, which is then RUNNING; `fixed` ones are taken as they are.

        again: the sampler proposed them before, and shall take the notes that it took then.
        """
        number = self.n_trials
        self.optuna_study.sampler = self.sampler_for(number)
        self._storage.began(number)
        if fixed is not None:
            self.optuna_study.enqueue_trial(dict(fixed))
        trial = self.optuna_study.ask()
        beliefs = believed(self._study, number) if fixed is None else None
        if again or beliefs is not None:
            _ = trial.relative_params  # else Optuna asks no sampler for what is fixed
        if beliefs is not None:
            trial._fixed_params = beliefs
        elif fixed is None and self._choose is not None:
            chosen = self._choose(number, trial.relative_params, self._storage.shown(number))
            trial._fixed_params = dict(chosen or {})
        return draw(trial, self._study)

    def sampler_for(self, number: int) -> BaseSampler:
        """A sampler for the trial of this number alone.

        Its seed depends on the study's seed and the number, not on how often the driver was restarted, so a
        one-worker run proposes the same trials whether or not it was interrupted.
        """
        section = self._study.sampler
        if section.start == "sobol" and self._storage.n_ended < section.startup_trials:
            return SobolSampler(self._study)
        seed = zlib.crc32(f"{self._study.budget.seed}/{number}".encode())
        return made(self._member, self._study, seed)

    def begin(self, record: TrialRecord) -> None:
        """Add a trial that was proposed before, as RUNNING."""
        if self._replays:
            self.propose(record.params, again=record.origin == SAMPLED)
            return
        self._storage.began(self.n_trials)
        super().begin(record)

    def finish(self, record: TrialRecord) -> None:
        """Give a RUNNING trial its final state, values and constraints."""
        self._storage.goes_on(record.number)
        super().finish(record)
        self._storage.ended(record.number)

    def pause(self, record: TrialRecord) -> None:
        """Let the sampler learn from a trial that waits at a rung, as from one that was stopped there."""
        metrics = record.rungs[max(record.rungs)].metrics
        values = {rung: self.rung_value(report) for rung, report in record.rungs.items()}
        shown = create_trial(
            state=TrialState.PRUNED,
            params=dict(record.params),
            distributions={name: self._distributions[name] for name in record.params},
            intermediate_values={rung: value for rung, value in values.items() if value is not None},
            constraints={
                limit.metric: limit.violation(metrics[limit.metric])
                for limit in self._study.constraints
                if limit.metric in metrics
            },
        )
        shown.number, shown._trial_id = record.number, self._id_of(record.number)
        self._storage.paused(record.number, shown)

    def resume(self, record: TrialRecord) -> None:
        """A trial that was paused runs again."""
        self._storage.goes_on(record.number)
