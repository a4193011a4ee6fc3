"""A dense loop as one would write it in PyTorch: the measure of what cleverness brings."""

from __future__ import annotations

import torch
from serve import BATCH, SIZE, K, TakeStep, serve
from torch import Tensor, nn
from torch.nn.functional import normalize


def codes(kind: str, u: Tensor) -> Tensor:
    """z (b, f) of u (b, f)."""
    z = u.relu()
    if kind == "topk":
        top = z.topk(K, dim=1)
        return torch.zeros_like(z).scatter_(1, top.indices, top.values)
    if kind == "batch_topk":
        flat = z.flatten()
        top = flat.topk(K * len(z))
        return torch.zeros_like(flat).scatter_(0, top.indices, top.values).view_as(z)
    return z


def build(kind: str, width: int) -> TakeStep | None:
    """Squared error, L1 where it is asked for, projected and clipped gradients, Adam, unit rows."""
    decoder = nn.Parameter(normalize(torch.randn(width, SIZE), dim=1))
    encoder = nn.Parameter(decoder.detach().T.clone())
    biases = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(SIZE))
    parameters = [encoder, decoder, *biases]
    optimiser = torch.optim.Adam(parameters, lr=1e-6)

    def take(x: Tensor) -> None:
        z = codes(kind, (x - biases[1]) @ encoder + biases[0])
        loss = (x - z @ decoder - biases[1]).square().sum() / BATCH
        if kind.startswith("l1"):
            loss = loss + 0.1 * z.sum() / BATCH
        optimiser.zero_grad()
        loss.backward()
        with torch.no_grad():
            gradient = decoder.grad
            assert gradient is not None
            gradient.sub_((gradient * decoder).sum(1, keepdim=True) * decoder)
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            decoder.div_(decoder.norm(dim=1, keepdim=True))

    return take


if __name__ == "__main__":
    serve("plain PyTorch", torch.__version__, build)
