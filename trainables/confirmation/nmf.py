"""Non-negative matrix factorisation of the hidden layer, h = z D with z >= 0 and D >= 0 (Lee and Seung 1999).

min |H - Z D|^2 is solved for Z and for D in turn, each a non-negative least-squares problem, by accelerated
projected gradient (Nesterov 1983; Guan et al. 2012, "NeNMF"). New images are encoded by the same solver with
D held, then their k largest codes stay.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.model.interface import SupportsFeatures
from trainables.saes.stacking import largest_codes
from trainables.seeds import generator

ROUNDS = 40
INNER = 10
ENCODING_STEPS = 25
# More train rows say nothing new about some hundred parts.
MOST_ROWS = 10_000


class Nmf:
    """Non-negative parts of a network's hidden layer as a dictionary of unit rows (f, d)."""

    def __init__(self, network: SupportsFeatures, rows: Tensor, k: int) -> None:
        self.hidden, self.head = network.hidden, network.head
        self._rows, self._gram, self._k = rows, rows @ rows.T, min(k, len(rows))
        self._rate = step_size(self._gram)

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """u, the non-negative codes before any is dropped, and z, the k largest: both (b, f), of h (b, d)."""
        u = non_negative(self._gram, h @ self._rows.T, ENCODING_STEPS, rate=self._rate)
        return u, largest_codes(u, self._k)

    def decode(self, z: Tensor) -> Tensor:
        """h^ (b, d) of z (b, f)."""
        return z @ self._rows


@torch.no_grad()
def parts(h: Tensor, components: int, seed: int) -> Tensor:
    """Unit rows D (components, d) >= 0 of h (n, d); what of h lies below 0 counts as 0."""
    draw = generator(seed)
    x = h[torch.randperm(len(h), generator=draw)[:MOST_ROWS].to(h.device)].clamp(min=0)
    rows = torch.rand(components, x.shape[1], generator=draw).to(x)
    codes: Tensor | None = None
    for _ in range(ROUNDS):
        rows = F.normalize(rows, dim=1)
        codes = non_negative(rows @ rows.T, x @ rows.T, INNER, codes)
        rows = non_negative(codes.T @ codes, x.T @ codes, INNER, rows.T).T
    return F.normalize(rows, dim=1)


def step_size(gram: Tensor) -> float:
    """1 / the largest eigenvalue of gram (f, f), positive semi-definite; any step where all of it is 0."""
    return 1 / max(float(torch.linalg.eigvalsh(gram.double())[-1]), 1e-12)


def non_negative(
    gram: Tensor, products: Tensor, steps: int, start: Tensor | None = None, rate: float | None = None
) -> Tensor:
    """argmin over Z >= 0 of |X - Z D|^2, (n, f), from gram = D D^T (f, f) and products = X D^T (n, f)."""
    rate = rate or step_size(gram)
    # A step is ahead - rate (ahead gram - products), as one product: three passes over (n, f), not eight.
    stay, drawn = torch.eye(len(gram), dtype=gram.dtype, device=gram.device) - rate * gram, rate * products
    z = ahead = torch.zeros_like(products) if start is None else start
    momentum = 1.0
    for _ in range(steps):
        following = torch.addmm(drawn, ahead, stay).clamp_(min=0)
        next_momentum = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = z.lerp(following, 1 + (momentum - 1) / next_momentum)
        z, momentum = following, next_momentum
    return z
