"""dictionary_learning's trainers."""

from __future__ import annotations

from importlib.metadata import version

from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer
from dictionary_learning.trainers.standard import StandardTrainer
from dictionary_learning.trainers.top_k import TopKTrainer
from serve import SIZE, K, TakeStep, serve
from torch import Tensor


def build(kind: str, width: int) -> TakeStep | None:
    """One `update` of the kind's trainer."""
    common = {
        "steps": 10**6, "activation_dim": SIZE, "dict_size": width, "lr": 1e-6, "seed": 0, "device": "cpu",
        "layer": 0, "lm_name": "none", "warmup_steps": 1,
    }  # fmt: skip
    if kind == "topk":
        trainer = TopKTrainer(k=K, **common)
    elif kind == "batch_topk":
        trainer = BatchTopKTrainer(k=K, **common)
    else:
        trainer = StandardTrainer(l1_penalty=0.1, sparsity_warmup_steps=None, **common)
    # Step 0 would set the bias to a geometric median.
    step = 0

    def take(x: Tensor) -> None:
        nonlocal step
        step += 1
        trainer.update(step, x)

    return take


if __name__ == "__main__":
    serve("dictionary_learning", version("dictionary-learning"), build)
