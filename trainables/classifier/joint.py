"""Network and SAE trained together, after each had a training of its own.

    plain      the classifier as without a loop; it is continued from rung to rung
    start      basis and a first SAE are fitted to it
    joint      both are trained on (`joint_trainer`), on `joint_loss`
    end        the SAE's threshold is set to the asked L0 on train, rare and alike latents are taken out where
               `sae.prune_rare` and `sae.merge_alike` say so

What a rung measures is this very SAE: none is fitted afresh. The joint training's schedule depends on its
length, so it cannot be continued: it starts afresh at each rung, from the plain classifier and a first SAE
with the rung's share of epochs.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from torch import Tensor

from trainables.bases.basis import Basis
from trainables.classifier.cached_training import CachedTraining
from trainables.classifier.joint_trainer import JointTrainer
from trainables.classifier.plain import TRAINER as PLAIN_TRAINER
from trainables.classifier.plain import PlainLoop
from trainables.classifier.training_loop import ClassifierLoop, LoopSetup, part, under
from trainables.model.activation_cache import HiddenActivations
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import Network
from trainables.sae_training.consolidation import consolidated
from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.shell import sae_shell
from trainables.seeds import child_seed
from trainables.stages.fitting import fit_features, hidden_activations

PLAIN, TRAINER, BASIS = "plain.", "joint.trainer.", "joint.basis."


@dataclass(frozen=True)
class _Joint:
    """The joint training of one rung, and the key of the features that it began with."""

    rung: int
    start_key: str
    training: CachedTraining
    trainer: JointTrainer


class JointLoop(ClassifierLoop):
    """The plain classifier up to the rung's epochs, then the joint training of the rung."""

    def __init__(self, setting: LoopSetup) -> None:
        super().__init__(setting)
        self._plain = PlainLoop(setting)
        self._joint: _Joint | None = None
        # Latents that are rare before the joint training are what it is there to revive.
        whole = {"prune_rare": 0.0, "merge_alike": 1.0}
        self._start_config = setting.config.model_copy(
            update={"sae": setting.config.sae.model_copy(update=whole)}
        )

    @property
    def network(self) -> Network:
        """The classifier of the joint training, of the plain one before that."""
        return self._plain.network if self._joint is None else self._joint.trainer.network

    @property
    def key(self) -> str:
        """Cache key of that classifier as it is now."""
        return self._plain.key if self._joint is None else self._joint.training.key

    def arrived(self, rung: int) -> bool:
        """Whether the rung's joint training has its epochs."""
        joint = self._joint
        return joint is not None and joint.rung == rung and self._epochs_left(joint) == 0

    def advance(self, rung: int) -> None:
        """Train one step's worth, plainly or jointly."""
        if not self._plain.arrived(rung):
            self._joint = None
            start = len(self._plain.history)
            self._plain.advance(rung)
            self.history = self.history + self._plain.history[start:]
            return
        if self._joint is None or self._joint.rung != rung:
            self._joint = None
            self._joint = self._opened(rung)
        goal = self.setting.loop_epochs[rung - 1]
        self.history = self.history + self._joint.training.advance(goal)

    def features(self, rung: int, hidden: HiddenActivations) -> FeatureModel:
        """Basis and SAE of the joint training, the SAE calibrated and consolidated on the activations."""
        joint = self._joint
        assert joint is not None
        assert joint.rung == rung
        trainer = joint.trainer
        sae = copy.deepcopy(trainer.sae).requires_grad_(False).eval()
        left = consolidated(sae, self.setting.config.sae, trainer.basis.encode(hidden.train) * sae.scale)
        return FeatureModel(trainer.network.eval(), trainer.basis, left.sae)

    def tensors(self) -> dict[str, Tensor]:
        """The plain loop's, and the joint trainer's with its basis."""
        tensors = under(PLAIN, self._plain.tensors())
        if self._joint is not None:
            tensors |= under(TRAINER, self._joint.trainer.state_tensors())
            tensors |= under(BASIS, self._joint.trainer.basis.state_dict())
        return tensors

    def facts(self) -> dict[str, Any]:
        """Histories, and where the joint training stands."""
        joint = self._joint
        stands = joint and {
            "rung": joint.rung,
            "start_key": joint.start_key,
            "history": joint.training.history,
        }
        return {"history": self.history, "plain": self._plain.facts(), "joint": stands}

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from the state of a loop with the same setting."""
        self._plain.restore(part(tensors, PLAIN), facts["plain"])
        self.history = list(facts["history"])
        self._joint = None
        stood = facts["joint"]
        if stood is None:
            return
        config = self.setting.config
        basis: Basis = config.basis.load_implementation()(config.basis, self._plain.network.hidden_size)
        basis.load_state_dict(part(tensors, BASIS))
        joint = self._training(stood["rung"], stood["start_key"], basis.to(self.setting.device), None)
        joint.trainer.load_state_tensors(part(tensors, TRAINER))
        joint.training.history = list(stood["history"])
        self._joint = joint

    def _epochs_left(self, joint: _Joint) -> int:
        return self.setting.loop_epochs[joint.rung - 1] - joint.training.epoch

    def _opened(self, rung: int) -> _Joint:
        """The joint training before its first epoch: the plain network, and features fitted to it."""
        setting, images = self.setting, self.setting.data.train.images
        features, key = fit_features(
            setting.stages,
            self._start_config,
            setting.sae_epochs[rung - 1],
            self._plain.network,
            cache(partial(hidden_activations, self._plain.network, images, setting.device)),
            self._plain.key,
        )
        assert isinstance(features.sae, BatchTopKSae)
        joint = self._training(rung, key, features.basis, features.sae)
        joint.trainer.begin(part(self._plain.tensors(), PLAIN_TRAINER))
        return joint

    def _training(self, rung: int, start_key: str, basis: Basis, sae: BatchTopKSae | None) -> _Joint:
        setting, config = self.setting, self.setting.config
        epochs = setting.loop_epochs[rung - 1]
        if sae is None:
            shell = sae_shell(config.sae, config.sae.width, basis.rank).to(setting.device)
            assert isinstance(shell, BatchTopKSae)
            sae = shell
        seed = child_seed(setting.classifier_seed, "joint")
        trainer = JointTrainer(config, setting.data, seed, setting.device, basis, sae, epochs)
        settings = {
            **setting.classifier_settings,
            "loop": config.loop.identity("epochs"),
            "epochs": epochs,
            "dead_window": config.sae.dead_window,
        }

        def key(epoch: int) -> str:
            return setting.stages.key("joint", settings, epoch, start_key)

        training = CachedTraining(trainer, setting.stages, key, setting.epochs_per_step, stage="joint")
        return _Joint(rung, start_key, training, trainer)
