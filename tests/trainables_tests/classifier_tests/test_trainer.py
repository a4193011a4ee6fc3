"""Classifiers learn, continue exactly, and give in to their auxiliary losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss

from trainables.classifier.augmentation import randomised_background
from trainables.classifier.trainer import ClassifierTrainer
from trainables.data.dataset import ImageData, TensorSplit, load_dataset, to_tensors
from trainables.data.stroke_mask import stroke_mask
from trainables.errors import TrialDiverged
from trainables.losses.junk_penalty import junk_penalty
from trainables.losses.training_batch import TrainingBatch
from trainables.seeds import generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import ClassifierTrainingConfig, ConvClassifierConfig, MlpClassifierConfig

OFF = AuxiliaryConfig()
BOTH = AuxiliaryConfig(activation_l1=0.1, junk_penalty=0.5)
KINDS: list[ClassifierTrainingConfig] = [
    MlpClassifierConfig(hidden_size=64, batch_size=32, weight_decay=1e-4),
    ConvClassifierConfig(hidden_size=64, batch_size=32, channels=8),
]
by_kind = pytest.mark.parametrize("config", KINDS, ids=lambda config: config.kind)


@pytest.fixture(scope="module")
def digits() -> ImageData:
    return to_tensors(load_dataset("digits"))


def trained(trainer: ClassifierTrainer, epochs: int) -> ClassifierTrainer:
    for _ in range(epochs):
        trainer.train_epoch()
    return trainer


def assert_same_state(one: ClassifierTrainer, other: ClassifierTrainer) -> None:
    first, second = one.state_tensors(), other.state_tensors()
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


@by_kind
def test_learns_to_read_digits(config: ClassifierTrainingConfig, digits: ImageData) -> None:
    trainer = ClassifierTrainer(config, OFF, digits, seed=0)
    untrained = trainer.evaluate()
    losses = [trainer.train_epoch() for _ in range(20)]
    assert trainer.epoch == 20
    assert losses[-1] < 0.2 < losses[0]
    assert untrained["classifier/accuracy"] < 0.4
    assert trainer.evaluate()["classifier/accuracy"] >= 0.93


def test_shuffled_labels_teach_nothing(digits: ImageData) -> None:
    mixed = digits.train.labels[torch.randperm(len(digits.train), generator=generator(0))]
    null = replace(digits, train=TensorSplit(digits.train.images, mixed))
    trainer = trained(ClassifierTrainer(KINDS[0], OFF, null, seed=0), 5)
    assert trainer.evaluate()["classifier/accuracy"] < 0.25


def test_evaluate_agrees_with_scikit_learn(digits: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainables.classifier.trainer.EVALUATION_BATCH", 100)
    trainer = trained(ClassifierTrainer(KINDS[0], OFF, digits, seed=0), 2)
    with torch.no_grad():
        chances = trainer.network(digits.val.images).double().softmax(dim=1).numpy()
    labels = digits.val.labels.numpy()
    found = trainer.evaluate()
    assert found["classifier/accuracy"] == accuracy_score(labels, chances.argmax(axis=1))
    assert found["classifier/ce"] == pytest.approx(log_loss(labels, chances), rel=1e-5)


@by_kind
@pytest.mark.parametrize("auxiliary", [OFF, BOTH], ids=["off", "both"])
def test_restored_equals_unbroken(
    config: ClassifierTrainingConfig, auxiliary: AuxiliaryConfig, digits: ImageData
) -> None:
    unbroken = ClassifierTrainer(config, auxiliary, digits, seed=5)
    for epoch in range(3):
        restored = ClassifierTrainer(config, auxiliary, digits, seed=5)
        restored.load_state_tensors(unbroken.state_tensors())
        assert restored.epoch == epoch
        # Evaluating on the way, as a search does, must not move anything either.
        restored.evaluate()
        assert restored.train_epoch() == unbroken.train_epoch()
        assert_same_state(restored, unbroken)
        assert restored.evaluate() == unbroken.evaluate()


def test_a_state_does_not_know_how_far_the_training_goes(digits: ImageData) -> None:
    short, long = (
        ClassifierTrainer(MlpClassifierConfig(hidden_size=16, epochs=epochs), OFF, digits, seed=0)
        for epochs in (2, 200)
    )
    assert_same_state(trained(short, 2), trained(long, 2))


def test_states_are_copies(digits: ImageData) -> None:
    trainer = ClassifierTrainer(KINDS[0], OFF, digits, seed=0)
    before = trainer.state_tensors()
    kept = {name: tensor.clone() for name, tensor in before.items()}
    trainer.train_epoch()
    assert all(torch.equal(before[name], kept[name]) for name in kept)
    trainer.load_state_tensors(before)
    trainer.train_epoch()
    assert all(torch.equal(before[name], kept[name]) for name in kept)


def test_seeds_decide_everything(digits: ImageData) -> None:
    before = torch.get_rng_state()
    one, same, other = (
        trained(ClassifierTrainer(KINDS[0], BOTH, digits, seed=seed), 1) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert_same_state(one, same)
    assert one.evaluate() != other.evaluate()


def test_another_network_s_state_is_refused(digits: ImageData) -> None:
    small, large = (
        ClassifierTrainer(MlpClassifierConfig(hidden_size=size), OFF, digits, seed=0).state_tensors()
        for size in (8, 16)
    )
    trainer = ClassifierTrainer(MlpClassifierConfig(hidden_size=8), OFF, digits, seed=0)
    with pytest.raises(ValueError, match=r"network\.layers\.0\.weight"):
        trainer.load_state_tensors(large)
    with pytest.raises(ValueError, match="epoch"):
        trainer.load_state_tensors({name: tensor for name, tensor in small.items() if name != "epoch"})
    assert all(torch.equal(tensor, small[name]) for name, tensor in trainer.state_tensors().items())


def test_the_step_is_adam_with_coupled_decay(digits: ImageData) -> None:
    """One step of a whole batch, from the published update rule in float64."""
    config = MlpClassifierConfig(hidden_size=8, batch_size=8192, learning_rate=1e-2, weight_decay=0.1)
    trainer = ClassifierTrainer(config, OFF, digits, seed=0)
    name, weight = "readout.weight", trainer.network.get_parameter("readout.weight")
    before = weight.detach().double()
    loss = torch.nn.functional.cross_entropy(trainer.network(digits.train.images), digits.train.labels)
    gradient = torch.autograd.grad(loss, weight)[0].double() + 0.1 * before
    trainer.train_epoch()
    # With both moments corrected for their start at 0 the first step is lr * g / (|g| + eps).
    expected = before - 1e-2 * gradient / (gradient.abs() + 1e-8)
    torch.testing.assert_close(weight.detach().double(), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(
        trainer.state_tensors()[f"adam.exp_avg.{name}"].double(), 0.1 * gradient, rtol=1e-3, atol=1e-7
    )


def junk_of(trainer: ClassifierTrainer, data: ImageData) -> float:
    """Share of the input gradient outside the strokes on val, by the penalty's own definition."""
    images = data.val.images
    rows = torch.arange(len(images))
    batch = TrainingBatch(
        trainer.network, images, images, data.val.labels, rows, stroke_mask(images), generator(0)
    )
    return float(np.mean([junk_penalty(batch).item() for _ in range(8)]))


@by_kind
def test_junk_penalty_takes_the_gradient_off_the_background(
    config: ClassifierTrainingConfig, digits: ImageData
) -> None:
    off, on = (
        trained(ClassifierTrainer(config, AuxiliaryConfig(junk_penalty=weight), digits, seed=0), 12)
        for weight in (0.0, 3.0)
    )
    assert junk_of(on, digits) < 0.8 * junk_of(off, digits)
    assert on.evaluate()["classifier/accuracy"] > off.evaluate()["classifier/accuracy"] - 0.05


def test_activation_l1_lowers_the_activations(digits: ImageData) -> None:
    off, on = (
        trained(ClassifierTrainer(KINDS[0], AuxiliaryConfig(activation_l1=weight), digits, seed=0), 12)
        for weight in (0.0, 1.0)
    )
    means = [trainer.network.hidden(digits.val.images).mean().item() for trainer in (off, on)]
    assert means[1] < 0.7 * means[0]


def test_first_layer_decay_is_of_the_first_layer_alone(digits: ImageData) -> None:
    own = MlpClassifierConfig(hidden_size=16, depth=2, batch_size=8192)
    plain, decayed = (
        trained(ClassifierTrainer(config, OFF, digits, seed=0), 1).state_tensors()
        for config in (own, own.model_copy(update={"first_layer_decay": 0.1}))
    )
    start = ClassifierTrainer(
        MlpClassifierConfig(hidden_size=16, depth=2), OFF, digits, seed=0
    ).state_tensors()
    difference = {
        name: decayed[name] - plain[name]
        for name in plain
        if name.startswith("adam.exp_avg.") and name in decayed
    }
    first = "layers.0.weight"
    # The first moment after one step is (1 - beta1) times the gradient.
    torch.testing.assert_close(
        difference.pop(f"adam.exp_avg.{first}"), 0.1 * 0.1 * start[f"network.{first}"], rtol=0, atol=1e-6
    )
    assert difference
    assert not any(tensor.any() for tensor in difference.values())


def test_first_layer_decay_takes_never_inked_pixels_to_0(digits: ImageData) -> None:
    never = (digits.train.images == 0).all(dim=0)
    assert never.any()
    off, on = (
        trained(
            ClassifierTrainer(
                MlpClassifierConfig(hidden_size=32, batch_size=32, first_layer_decay=decay),
                OFF,
                digits,
                seed=0,
            ),
            12,
        )
        for decay in (0.0, 1e-3)
    )
    norms = [trainer.network.pixel_weights()[:, never].norm().item() for trainer in (off, on)]
    assert norms[1] < 0.2 * norms[0]
    assert on.evaluate()["classifier/accuracy"] > off.evaluate()["classifier/accuracy"] - 0.05


def test_adam_takes_its_betas(digits: ImageData) -> None:
    config = MlpClassifierConfig(hidden_size=8, batch_size=8192, beta1=0.5, beta2=0.9)
    default = config.model_copy(update={"beta1": 0.9, "beta2": 0.999})
    own, usual = (
        trained(ClassifierTrainer(c, OFF, digits, seed=0), 1).state_tensors() for c in (config, default)
    )
    for moment, ratio in (("exp_avg", 0.5 / 0.1), ("exp_avg_sq", 0.1 / 0.001)):
        name = f"adam.{moment}.readout.weight"
        torch.testing.assert_close(own[name], ratio * usual[name], rtol=1e-3, atol=1e-9)


def test_on_a_cpu_bf16_is_float32(digits: ImageData) -> None:
    one, other = (
        trained(ClassifierTrainer(MlpClassifierConfig(hidden_size=8, precision=p), OFF, digits, seed=0), 1)
        for p in ("float32", "bf16")
    )
    assert_same_state(one, other)


def test_background_noise_teaches_to_read_over_it(digits: ImageData) -> None:
    noised = randomised_background(digits.val.images, stroke_mask(digits.val.images), 0.5, generator(9))
    noisy_val = replace(digits, val=TensorSplit(noised, digits.val.labels))
    errors = []
    for amplitude in (0.0, 0.5):
        config = MlpClassifierConfig(hidden_size=64, batch_size=32, background_noise=amplitude)
        trainer = trained(ClassifierTrainer(config, OFF, noisy_val, seed=0), 12)
        errors.append(1 - trainer.evaluate()["classifier/accuracy"])
    assert errors[1] < 0.85 * errors[0]


def test_a_head_s_first_weights_do_not_depend_on_other_losses(digits: ImageData) -> None:
    alone, among = (
        ClassifierTrainer(KINDS[0], AuxiliaryConfig(contrastive=0.1, activation_l1=weight), digits, seed=0)
        for weight in (0.0, 0.1)
    )
    name = "losses.contrastive.projection.0.weight"
    assert torch.equal(alone.state_tensors()[name], among.state_tensors()[name])
    trained(alone, 1)
    assert not torch.equal(alone.state_tensors()[name], among.state_tensors()[name])


def test_a_loss_at_0_costs_no_mask(digits: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> torch.Tensor:
        raise AssertionError("nobody asked for a mask")

    monkeypatch.setattr("trainables.classifier.objective.stroke_mask", refused)
    ClassifierTrainer(KINDS[0], OFF, digits, seed=0).train_epoch()


def test_divergence_is_told(digits: ImageData) -> None:
    poisoned = digits.train.images.clone()
    poisoned[7, 3, 3] = float("nan")
    data = replace(digits, train=TensorSplit(poisoned, digits.train.labels))
    trainer = ClassifierTrainer(KINDS[0], OFF, data, seed=0)
    with pytest.raises(TrialDiverged, match="training loss is nan in epoch 1"):
        trainer.train_epoch()
    with pytest.raises(TrialDiverged, match="classifier/ce"):
        trainer.evaluate()


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@by_kind
def test_on_a_gpu_too(config: ClassifierTrainingConfig, precision: str, digits: ImageData) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    config = config.model_copy(update={"precision": precision})
    unbroken, restored = (ClassifierTrainer(config, BOTH, digits, seed=0, device="cuda") for _ in range(2))
    trained(unbroken, 20)
    restored.load_state_tensors(unbroken.state_tensors())
    trained(unbroken, 2)
    trained(restored, 2)
    assert_same_state(restored, unbroken)
    assert unbroken.evaluate()["classifier/accuracy"] > 0.85
