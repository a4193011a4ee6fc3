"""What a confirmation runs: a trial trained in full with a fresh seed, then scored on the test split.

After the pipeline's own steps, which are those of the search with one rung and know nothing of the test
split, one step for each of `SCORED` computes the full metric set. Their reports carry the rungs 2, 3, ...
in the order of SCORED (`scored.rung_of`); rung 1 is the end of the training, scored on val as in the search.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainables.confirmation.controls import Trained, sae_tasks
from trainables.confirmation.rungs import SCORED, TRAINED_RUNG
from trainables.confirmation.scores import score
from trainables.data.dataset import Dataset, ImageData, to_tensors
from trainables.errors import TrialDiverged
from trainables.stages.prefetch import train_ahead
from trainables.stages.runner import StageRunner
from trainables.workers.messages import StepReport, StepResult
from trainables.workers.trial_actor import TrialActor, TrialContext, logger


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
        if pipeline is None or not pipeline.done:
            return super()._step_and_save()
        self._rung += 1
        scored = SCORED[self._rung - TRAINED_RUNG - 1]
        report = StepReport(pipeline.epoch, self._rung, self._score(scored))
        logger.info("scored %s on the test split", scored)
        return StepResult((report,))

    def _score(self, scored: str) -> dict[str, float]:
        """Test metrics; none for a control that cannot be trained, which is no failure of the trial."""
        if scored == "pipeline" and self._device.type == "cuda":
            # A GPU trains them in little more time than one; on a CPU each is trained where it is needed.
            train_ahead(self._stages(), sae_tasks(self._trained()))
        try:
            return score(
                scored,
                self._trained(),
                self._test,
                score_parts=self._context.plan.score_parts,
                seed=self._stages().seed("test metrics"),
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
        assert self._pipeline is not None
        assert self._pipeline.model is not None
        assert self._pipeline.last_step is not None
        return Trained(
            config=self._pipeline.config,
            model=self._pipeline.model,
            stages=self._stages(),
            images=self._data.train.images,
            n_classes=self._data.n_classes,
            data_key=self._data.key,
            l0=self._pipeline.last_step.metrics["sae/l0"],
        )
