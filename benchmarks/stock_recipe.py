"""The search one would write from the documentation of Ray Tune and PyTorch: search_throughput's peer.

A function trainable, OptunaSearch, ASHA on one metric, torchvision's data set with its transform in
DataLoaders, a plain training loop for the classifier and another for the SAE, and as in that documentation a
test and a `tune.report` after every epoch.
The test is of what ours searches for, how well a linear probe reads the codes: scikit-learn's logistic
regression on 5,000 of them. Beside that it measures far less than a trial of ours does: what is left
unexplained, and nothing else.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
import warnings
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """What both searches agree on."""

    data: str
    limit: int | None
    trials: int
    concurrent: int
    classifier_epochs: int
    sae_epochs: int
    search_classifier: bool
    """Whether the classifier's hidden size and activation penalty are searched too."""


def run(recipe: Recipe) -> tuple[float, int]:
    """Seconds from the first trial's start to the last one's end, and how many epochs of SAEs were run."""
    for name, value in {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}.items():
        os.environ.setdefault(name, value)
    warnings.simplefilter("ignore")
    import optuna
    import ray
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space: dict[str, Any] = {
        "kind": tune.choice(["relu", "topk"]),
        "width": tune.qlograndint(128, 512, 1),
        "l1": tune.loguniform(1e-2, 1e1),
        "k": tune.lograndint(4, 32),
        "hidden": tune.choice([64, 128, 256]) if recipe.search_classifier else 128,
        "activation_l1": tune.loguniform(1e-4, 1e-1) if recipe.search_classifier else 0.0,
    }
    third = max(1, recipe.sae_epochs // 9)
    ray.init(
        address="local",
        num_cpus=recipe.concurrent,
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
    try:
        with tempfile.TemporaryDirectory() as storage:
            results = tune.Tuner(
                tune.with_resources(tune.with_parameters(train, recipe=recipe), {"cpu": 1}),
                param_space=space,
                tune_config=tune.TuneConfig(
                    metric="accuracy",
                    mode="max",
                    num_samples=recipe.trials,
                    search_alg=OptunaSearch(seed=0),
                    scheduler=ASHAScheduler(max_t=recipe.sae_epochs, grace_period=third, reduction_factor=3),
                ),
                run_config=tune.RunConfig(storage_path=storage, verbose=0),
            ).fit()
    finally:
        ray.shutdown()
    rows = [result.metrics for result in results if result.metrics and "ended" in result.metrics]
    if len(rows) < recipe.trials:
        raise RuntimeError(f"only {len(rows)} of {recipe.trials} trials of the stock recipe ended well")
    return (
        max(row["ended"] for row in rows) - min(row["began"] for row in rows),
        sum(row["training_iteration"] for row in rows),
    )


def train(config: dict[str, Any], recipe: Recipe) -> None:
    """One trial, in a process of its own."""
    began = time.time()
    import torch
    from ray import tune

    torch.set_num_threads(1)
    torch.manual_seed(0)
    images, val_images = _splits(recipe)
    classifier = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(images[0][0].numel(), config["hidden"]),
        torch.nn.ReLU(),
        torch.nn.Linear(config["hidden"], 10),
    )
    _train_classifier(classifier, images, recipe.classifier_epochs, config["activation_l1"])
    (h, labels), (val_h, val_labels) = (_activations(classifier[:3], split) for split in (images, val_images))
    scale = (h.shape[1] / h.square().sum(1).mean()).sqrt()
    sae = _sae(h.shape[1], config["width"])
    optimiser = torch.optim.Adam(sae.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(h * scale), batch_size=256, shuffle=True
    )
    for _ in range(recipe.sae_epochs):
        for (x,) in loader:
            z = _codes(sae, x, config)
            error = (sae["decoder"](z) - x).square().sum(1).mean()
            loss = error + (config["l1"] * z.sum(1).mean() if config["kind"] == "relu" else 0)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            with torch.no_grad():
                weight = sae["decoder"].weight
                weight /= weight.norm(dim=0, keepdim=True)
        with torch.no_grad():
            x = val_h * scale
            val_z = _codes(sae, x, config)
            unexplained = (sae["decoder"](val_z) - x).square().sum() / (x - x.mean(0)).square().sum()
            z = _codes(sae, h[:5000] * scale, config)
        accuracy = _probe_accuracy(z, labels[:5000], val_z, val_labels)
        tune.report({"accuracy": accuracy, "fvu": float(unexplained), "began": began, "ended": time.time()})


def _splits(recipe: Recipe) -> Any:
    """Data sets of (image, label) to train on and to test on."""
    from torch.utils.data import Subset, TensorDataset
    from torchvision import datasets, transforms

    if recipe.data == "mnist":
        whole = datasets.MNIST(os.environ["SAE_SEARCH_DATA"], train=True, transform=transforms.ToTensor())
        n, n_val = (recipe.limit or 50_000), (recipe.limit or 10_000)
        return Subset(whole, range(n)), Subset(whole, range(len(whole) - n_val, len(whole)))

    from trainables.data.dataset import load_dataset, to_tensors

    data = to_tensors(load_dataset(recipe.data, limit=recipe.limit))
    return tuple(TensorDataset(split.images, split.labels) for split in (data.train, data.val))


def _activations(hidden: Any, images: Any) -> Any:
    """Activations (n, d) and labels (n,) of a data set."""
    import torch

    with torch.no_grad():
        parts = [(hidden(x), y) for x, y in torch.utils.data.DataLoader(images, batch_size=1000)]
    return tuple(torch.cat(each) for each in zip(*parts, strict=True))


def _train_classifier(network: Any, images: Any, epochs: int, activation_l1: float) -> None:
    import torch

    loader = torch.utils.data.DataLoader(images, batch_size=128, shuffle=True)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(epochs):
        for x, y in loader:
            h = network[:3](x)
            loss = torch.nn.functional.cross_entropy(network[3](h), y) + activation_l1 * h.abs().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def _sae(inputs: int, width: int) -> Any:
    import torch

    return torch.nn.ModuleDict(
        {"encoder": torch.nn.Linear(inputs, width), "decoder": torch.nn.Linear(width, inputs)}
    )


def _codes(sae: Any, x: Any, config: dict[str, Any]) -> Any:
    import torch

    z = torch.relu(sae["encoder"](x - sae["decoder"].bias))
    if config["kind"] == "relu":
        return z
    top = z.topk(min(config["k"], z.shape[1]), dim=1)
    return torch.zeros_like(z).scatter(1, top.indices, top.values)


def _probe_accuracy(z: Any, labels: Any, val_z: Any, val_labels: Any) -> float:
    from sklearn.linear_model import LogisticRegression

    probe = LogisticRegression(max_iter=100).fit(z.numpy(), labels.numpy())
    return float(probe.score(val_z.numpy(), val_labels.numpy()))
