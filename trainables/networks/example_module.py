"""A network as its owner might write it, which knows nothing of this project; `kind: module` takes it."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn


def build(image_shape: tuple[int, int], n_classes: int) -> nn.Module:
    """Images (b, 1, h, w) -> logits (b, classes), by one hidden layer of 32 ReLU units called `hidden`."""
    height, width = image_shape
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        flatten=nn.Flatten(),
        linear=nn.Linear(height * width, 32),
        hidden=nn.ReLU(),
        readout=nn.Linear(32, n_classes),
    )
    return nn.Sequential(layers)
