"""A run's trials as an Optuna study: the mirror in study.db, and what `LiveStudy` builds on.

Both hold one Optuna trial per trial of the run, under the same number. They differ in what a failure
of the configuration's own making is called: the mirror says FAIL; the live study says PRUNED, because
TPE learns from COMPLETE and PRUNED alone and should learn to stay away. A lost process is FAIL in
both and teaches nothing.

Optuna keeps one intermediate value a step, so those exist for one objective only; for several, TPE
ranks pruned trials behind all complete ones, and the mirror carries the rungs as user attributes.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import Trial, TrialState, create_trial
from sqlalchemy import URL

from search.ledger.history import History, Report, TrialRecord
from search.scheduling.distributions import distributions
from search.scheduling.lost_process import LOST_PROCESS
from search.scheduling.many_trials import insert
from search.study.study import Study

VIOLATED_WITHOUT_BOUND = 1e12


class OptunaStudy:
    """Writes what happened to the run's trials into one Optuna study."""

    def __init__(self, study: Study, optuna_study: optuna.Study, *, teaches: bool) -> None:
        self._study = study
        self._distributions = distributions(study)
        self._teaches = teaches
        self.optuna_study = optuna_study

    @classmethod
    def in_memory(cls, study: Study) -> OptunaStudy:
        """What a file should hold."""
        return cls(study, created(study, None), teaches=False)

    @classmethod
    def in_file(cls, study: Study, path: Path) -> OptunaStudy:
        """The study in a SQLite file, created if it is not there."""
        url = URL.create("sqlite", database=str(path)).render_as_string()
        return cls(study, created(study, RDBStorage(url)), teaches=False)

    def fill(self, history: History) -> None:
        """Add every trial of a history to an empty study."""
        file = _file(self.optuna_study)
        if file is not None:
            told = OptunaStudy.in_memory(self._study)
            told.fill(history)
            insert(file, self.optuna_study._study_id, told.optuna_study.get_trials(deepcopy=False))
            return
        for _, record in sorted(history.trials.items()):
            self.begin(record)
            if record.state != "RUNNING":
                self.finish(record)

    def contents(self) -> list[tuple[object, ...]]:
        """Everything that is told of each trial, but when."""
        return [
            (t.number, t.state, t.params, t.values, t.intermediate_values, t.user_attrs, t.constraints)
            for t in self.optuna_study.get_trials(deepcopy=False)
        ]

    def begin(self, record: TrialRecord) -> None:
        """Add a trial that was proposed before, as RUNNING."""
        self.optuna_study.add_trial(
            create_trial(
                state=TrialState.RUNNING,
                params=dict(record.params),
                distributions={name: self._distributions[name] for name in record.params},
            )
        )

    def finish(self, record: TrialRecord) -> None:
        """Give a RUNNING trial its final state, values and constraints."""
        trial = Trial(self.optuna_study, self._id_of(record.number))
        metrics = record.metrics
        failed = record.state == "FAIL" and self._teaches
        for constraint in self._study.constraints:
            if constraint.metric in metrics and not failed:
                trial.set_constraint(constraint.metric, constraint.violation(metrics[constraint.metric]))
            elif failed or record.state == "COMPLETE":
                # Optuna takes a missing constraint for one that holds, and would prefer a crash to a miss.
                trial.set_constraint(constraint.metric, VIOLATED_WITHOUT_BOUND)
        self._report_rungs(trial, record)
        if not self._teaches:
            self._annotate(trial, record)
        if record.state == "COMPLETE":
            assert record.values is not None
            self.optuna_study.tell(record.number, list(record.values))
        elif record.state == "PRUNED" or (
            self._teaches and not (record.reason or "").startswith(LOST_PROCESS)
        ):
            self.optuna_study.tell(record.number, state=TrialState.PRUNED)
        else:
            self.optuna_study.tell(record.number, state=TrialState.FAIL)

    def _report_rungs(self, trial: Trial, record: TrialRecord) -> None:
        if record.state == "FAIL" and self._teaches:
            return
        for rung, report in record.rungs.items():
            value = self.rung_value(report)
            if value is not None:
                trial.report(value, rung)

    def rung_value(self, report: Report) -> float | None:
        """What Optuna is told of a rung: the one objective, if it was reported."""
        values = [report.metrics.get(objective.metric) for objective in self._study.objectives]
        return values[0] if len(values) == 1 else None

    def _annotate(self, trial: Trial, record: TrialRecord) -> None:
        if record.reason is not None:
            trial.set_user_attr("reason", record.reason)
        for rung, report in record.rungs.items():
            trial.set_user_attr(f"rung {rung}", dict(report.metrics))

    def _id_of(self, number: int) -> int:
        storage = self.optuna_study._storage
        return storage.get_trial_id_from_study_id_trial_number(self.optuna_study._study_id, number)

    def close(self) -> None:
        """Let go of the database file."""
        self.optuna_study._storage.remove_session()
        file = _file(self.optuna_study)
        if file is not None:
            file.engine.dispose()


def _file(optuna_study: optuna.Study) -> RDBStorage | None:
    """Where a study lies if not in memory."""
    storage = optuna_study._storage
    backend = getattr(storage, "_backend", storage)
    return backend if isinstance(backend, RDBStorage) else None


def created(study: Study, storage: BaseStorage | None) -> optuna.Study:
    """An Optuna study with the objectives' directions; in memory without a storage."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    created = optuna.create_study(
        storage=storage,
        study_name=study.name,
        load_if_exists=True,
        directions=["maximize" if o.mode == "max" else "minimize" for o in study.objectives],
    )
    if isinstance(storage, RDBStorage):
        with warnings.catch_warnings():
            # Experimental since 3.2; optuna-dashboard shows "Objective 0" without it.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            created.set_metric_names([objective.metric for objective in study.objectives])
    return created
