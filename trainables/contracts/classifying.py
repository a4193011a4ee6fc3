"""What a front end, a concept table and a loop promise."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from trainables.concepts.prepared import prepare
from trainables.concepts.table import as_table
from trainables.config import TrialConfig
from trainables.contracts.promise import generator, holds
from trainables.data.dataset import TensorSplit, load_dataset, to_tensors
from trainables.errors import DataError
from trainables.networks.front_ends.front_end import FrontEnd
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.pipeline.step import Step
from trainables.settings.loop import LoopConfig


def check_front_end(kind: type[FrontEnd]) -> None:
    """Features >= 0, as many as it says, of each image alone; the generator alone decides the weights, and a
    gradient reaches all that it learns."""
    for side in (8, 28):
        images = torch.rand(5, side, side, generator=generator(side)) ** 3
        front_end = kind((side, side), 2, generator(0))
        features = front_end(images)
        holds(
            features.shape == (5, front_end.n_features),
            f"features have shape {tuple(features.shape)}, not (images, n_features)",
        )
        holds(features.isfinite().all(), "some features are not finite")
        holds((features >= 0).all(), "some features are negative")
        alone = torch.cat([front_end(image[None]) for image in images])
        holds(torch.allclose(alone, features, atol=1e-5), "an image's features depend on the others")
        torch.manual_seed(99)
        again = kind((side, side), 2, generator(0))
        same = all(torch.equal(t, again.state_dict()[name]) for name, t in front_end.state_dict().items())
        holds(same, "the same generator gives other weights")
        learned = [p for p in front_end.parameters() if p.requires_grad]
        holds(
            all(any(w is p for p in learned) for w in front_end.first_weights()),
            "first_weights has weights that are not learned",
        )
        if learned:
            features.square().sum().backward()
            holds(all(p.grad is not None for p in learned), "no gradient reaches some weights")


def check_concept_table(table: Callable[[TensorSplit], object]) -> None:
    """A number for each image and concept, as an array (images, concepts) or name -> (images,): finite, no
    concept the same for all, the same whenever asked for; and something is left of it when it is prepared."""
    train = to_tensors(load_dataset("digits", limit=100)).train
    images = train.images.clone()
    try:
        found = as_table(table(train), len(train), "it")
        prepare(found)
    except DataError as error:
        raise AssertionError(str(error)) from error
    again = as_table(table(train), len(train), "it")
    holds(
        again.names == found.names and np.array_equal(again.values, found.values), "asked again it is another"
    )
    holds(torch.equal(train.images, images), "it changes the images")


def check_loop(config: LoopConfig, **trial: object) -> None:
    """A trial that is saved and restored after every step takes the steps of one that is not, and ends with
    codes and a whole set of metrics at each rung. `trial` are settings that the loop needs besides."""
    whole = TrialConfig.model_validate(
        {
            "classifier": {"kind": "mlp", "hidden_size": 12, "epochs": 2},
            "sae": {"kind": "topk", "width": 16, "k": 3, "epochs": 2},
            **trial,
            "loop": config.model_dump(),
        }
    )
    data = to_tensors(load_dataset("digits", limit=80))
    plan = Plan(0, 2, 2)

    def opened() -> Pipeline:
        return Pipeline(whole, data, plan, cache=None, device="cpu")

    pipeline, unbroken = opened(), list[Step]()
    while not pipeline.done:
        unbroken.append(pipeline.step())
    holds([s.rung for s in unbroken if s.rung] == [1, 2], "it does not end each rung once")
    holds(all("sae/l0" in s.metrics for s in unbroken if s.rung), "a rung has no metrics of codes")
    broken = list[Step]()
    with tempfile.TemporaryDirectory() as folder:
        pipeline = opened()
        while not pipeline.done:
            broken.append(pipeline.step())
            pipeline.save(Path(folder))
            pipeline = opened()
            holds(pipeline.restore(Path(folder)) is not None, "its checkpoint is not found again")
    holds(broken == unbroken, "saved and restored after every step, it takes other steps")
