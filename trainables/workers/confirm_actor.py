"""What a confirmation runs: a trial trained in full with a fresh seed, then scored on the test split.

After the pipeline's own steps, which are those of the search with one rung and know nothing of the test
split, one step for each of `SCORED` computes its metrics. Their reports carry the rungs of `rungs.RUNGS`;
rung 1 is the end of the training, scored on val as in the search.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from trainables.confirmation.rungs import TRAINED_RUNG, rung_of, scored_after
from trainables.confirmation.scores import sae_tasks, score
from trainables.confirmation.trained import Trained
from trainables.data.dataset import Dataset, ImageData, to_tensors
from trainables.errors import TrialDiverged
from trainables.pipeline.pipeline import Pipeline
from trainables.stages.prefetch import train_ahead
from trainables.stages.runner import StageRunner
from trainables.workers.messages import StepReport, StepResult
from trainables.workers.trial_actor import TrialActor, logger
from trainables.workers.trial_context import TrialContext


class ConfirmActor(TrialActor):
    """As TrialActor; `passed` of its task says which scores the driver has."""

    def setup(self, config: dict[str, Any], context: TrialContext, dataset: Dataset) -> None:  # type: ignore[override]
        """Once per process, the test split beside what a search needs."""
        super().setup(config, context, dataset)
        test = to_tensors(dataset, self._device, score_on="test")
        # One copy of train on the device, not two.
        self._test: ImageData = replace(test, train=self._data.train)

    def _step_and_save(self) -> StepResult:
        pipeline = self._pipeline
        if pipeline is None:
            self._rung = max(TRAINED_RUNG, self._task.passed)
            self._finished: Trained | None = None
        if pipeline is None or not pipeline.done:
            return super()._step_and_save()
        scored = scored_after(self._rung)
        self._rung = rung_of(scored)
        began = time.monotonic()
        report = StepReport(pipeline.epoch, self._rung, self._score(scored))
        logger.info("scored %s on the test split in %.1f s", scored, time.monotonic() - began)
        return StepResult((report,))

    def _score(self, scored: str) -> dict[str, float]:
        """Test metrics; none for a control that cannot be trained, which is no failure of the trial."""
        if scored == "pipeline" and self._device.type == "cuda":
            # A GPU trains them in little more time than one; on a CPU each is trained where it is needed.
            train_ahead(self._trained().stages, sae_tasks(self._trained()))
        try:
            return score(
                scored,
                self._trained(),
                self._test,
                seed=self._stages().seed("test metrics"),
                asked=self._context.plan.asked,
                metrics=self._context.plan.metrics,
            )
        except TrialDiverged as error:
            if scored == "pipeline":
                raise
            logger.warning("the control %s has no scores: %s", scored, error)
            return {}

    def _stages(self) -> StageRunner:
        assert self._pipeline is not None
        replicate = self._pipeline.config.replicate
        return StageRunner(
            self._context.plan.study_seed, replicate, self._cache, self._device, self._train_saes
        )

    def _trained(self) -> Trained:
        """One for all scores of a trial, so that its members share what they have in common."""
        if self._finished is None:
            self._finished = self._trained_of(self._pipeline)
        return self._finished

    def _trained_of(self, pipeline: Pipeline | None) -> Trained:
        assert pipeline is not None
        assert pipeline.model is not None
        assert pipeline.last_step is not None
        return Trained(
            config=pipeline.config,
            model=pipeline.model,
            stages=self._stages(),
            images=self._data.train.images,
            labels=self._data.train.labels,
            n_classes=self._data.n_classes,
            data_key=self._data.key,
            l0=pipeline.last_step.metrics["sae/l0"],
        )
