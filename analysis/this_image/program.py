"""A network as a list of plain steps that a browser can take, and numbers as text that it can read.

Every step turns a volume (channels, rows, columns) into another; image.js has a function for each `op`:

    ink      x -> relu(x - t) / (1 - t)
    dense    x -> W x + b on the flattened volume, relu if asked for
    conv     W * x + b with stride and zero padding, relu if asked for; padding is on all sides
    local    like conv, with weights of its own at every place: weight (places, channels, size^2)
    halves   relu(x) and relu(-x) one after the other, then means over 2x2 places, the last row and column too
    pool     mean or maximum over a grid of regions that cover the volume
    parts    the answers of `trainables.networks.parts`, then their maxima over overlapping regions
    winners  the k largest entries stay, the others are 0
"""

from __future__ import annotations

import base64
from functools import singledispatch

import numpy as np
import torch
from torch import Tensor, nn

from search.errors import SpaceError
from trainables.networks.bag import Bag
from trainables.networks.conv import Conv
from trainables.networks.front_ends.convolution import Convolution
from trainables.networks.front_ends.fixed_banks import FixedBank
from trainables.networks.front_ends.locally_connected import PADDING, SIZE, STRIDE, LocallyConnected
from trainables.networks.front_ends.pixels import Pixels
from trainables.networks.mlp import Mlp
from trainables.networks.network import Network
from trainables.networks.parts import MOST_COSINE, Parts

Step = dict[str, object]


def hidden_program(network: Network) -> list[Step]:
    """Steps from an image to the hidden activations; SpaceError for an unknown kind."""
    steps = [{"op": "ink", "threshold": network.ink_threshold}] if network.ink_threshold else []
    steps += _steps(network)
    if 0 < network.kwta < network.hidden_size:
        steps.append({"op": "winners", "k": network.kwta})
    return steps


def packed(tensor: Tensor) -> str:
    """float32, little-endian, row by row, as base64."""
    numbers = tensor.detach().cpu().float().contiguous().numpy().astype(np.dtype("<f4"))
    return base64.b64encode(numbers.tobytes()).decode("ascii")


@singledispatch
def _steps(part: nn.Module) -> list[Step]:
    raise SpaceError(
        f"the page computes codes in the browser and has no steps for a {type(part).__name__}; "
        "analysis/gallery.py shows its latents on images of the run"
    )


@_steps.register
def _(network: Mlp) -> list[Step]:
    dense = [_dense(layer.weight, layer.bias) for layer in network.layers if isinstance(layer, nn.Linear)]
    return [*_steps(network.front_end), *dense]


@_steps.register
def _(network: Conv) -> list[Step]:
    layers = [_convolution(network.first), _convolution(network.second)]
    return [*layers, _dense(network.to_hidden.weight, network.to_hidden.bias)]


@_steps.register
def _(network: Bag) -> list[Step]:
    pool = {"op": "pool", "grid": network.grid, "max": network.takes_max}
    return [_convolution(network.first), _convolution(network.second), pool]


@_steps.register
def _(network: Parts) -> list[Step]:
    return [
        {
            "op": "parts",
            "weight": packed(network.templates()),
            "cosine": packed(network.cosine.clamp(0, MOST_COSINE)),
            "size": network.size,
            "stride": network.stride,
            "pool_size": network.pool_size,
            "pool_step": network.pool_step,
            "gain": network.gain,
        }
    ]


@_steps.register
def _(_front_end: Pixels) -> list[Step]:
    return []


@_steps.register
def _(front_end: Convolution) -> list[Step]:
    return [_convolution(front_end.convolution)]


@_steps.register
def _(front_end: FixedBank) -> list[Step]:
    size = front_end.filters.shape[-1]
    bank = _conv(front_end.filters.unsqueeze(1), None, stride=1, padding=size // 2, relu=False)
    return [bank, {"op": "halves"}]


@_steps.register
def _(front_end: LocallyConnected) -> list[Step]:
    return [
        {
            "op": "local",
            "weight": packed(front_end.weight),
            "bias": packed(front_end.bias),
            "channels": front_end.weight.shape[1],
            "size": SIZE,
            "stride": STRIDE,
            "padding": PADDING,
        }
    ]


def _dense(weight: Tensor, bias: Tensor | None) -> Step:
    bias = torch.zeros(len(weight)) if bias is None else bias
    return {"op": "dense", "weight": packed(weight), "bias": packed(bias), "relu": True}


def _convolution(layer: nn.Conv2d) -> Step:
    return _conv(layer.weight, layer.bias, stride=layer.stride[0], padding=int(layer.padding[0]), relu=True)


def _conv(weight: Tensor, bias: Tensor | None, *, stride: int, padding: int, relu: bool) -> Step:
    return {
        "op": "conv",
        "weight": packed(weight),
        "bias": packed(torch.zeros(len(weight)) if bias is None else bias),
        "channels": weight.shape[0],
        "size": weight.shape[-1],
        "stride": stride,
        "padding": padding,
        "relu": relu,
    }
