"""How long a full trial takes on this machine, from a few short ones that are really trained.

The cost of a trial is close to linear in its epochs, so three short trainings of the default
configuration tell its two slopes and its constant part (setting up and measuring).
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from search.execution.recorded_session import plan_of
from search.execution.resources import grant
from search.run_dir.inputs import load_data
from search.study.study import Study, default_params
from trainables.config import TrialConfig

if TYPE_CHECKING:
    import torch

    from trainables.data.dataset import ImageData

MORE_CLASSIFIER_EPOCHS = 2
MORE_SAE_EPOCHS = 4


def seconds_per_full_trial(study: Study, resources: dict[str, float]) -> float:
    """Seconds of the default configuration at full budget, with the threads a trial is granted.

    Trains for some seconds. Raises DataMissing where the study's images are not at hand, ClusterError
    where no trial fits.
    """
    import torch

    from trainables.data.dataset import to_tensors
    from trainables.device import device_for

    granted = grant(study.resources, [resources])
    torch.set_num_threads(granted.threads)
    device = device_for(granted.gpu)
    data = to_tensors(load_data(study.data), device)
    config = study.trial_config(default_params(study))

    def timed(classifier_epochs: int, sae_epochs: int) -> float:
        shorter = config.model_copy(
            update={
                "classifier": config.classifier.model_copy(update={"epochs": classifier_epochs}),
                "sae": config.sae.model_copy(update={"epochs": sae_epochs}),
            }
        )
        return _seconds(study, shorter, data, device)

    timed(1, 1)  # the first training pays for libraries that start up
    least = timed(1, 1)
    per_classifier_epoch = (timed(1 + MORE_CLASSIFIER_EPOCHS, 1) - least) / MORE_CLASSIFIER_EPOCHS
    per_sae_epoch = (timed(1, 1 + MORE_SAE_EPOCHS) - least) / MORE_SAE_EPOCHS
    return (
        least
        + max(0.0, per_classifier_epoch) * (config.classifier.epochs - 1)
        + max(0.0, per_sae_epoch) * (config.sae.epochs - 1)
    )


def _seconds(study: Study, config: TrialConfig, data: ImageData, device: torch.device) -> float:
    from trainables.pipeline.pipeline import Pipeline

    whole = replace(study, scheduler=study.scheduler.model_copy(update={"rungs": 1}))
    started = time.perf_counter()
    pipeline = Pipeline(config, data, plan_of(whole), cache=None, device=device)
    while not pipeline.done:
        pipeline.step()
    return time.perf_counter() - started
