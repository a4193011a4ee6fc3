"""Codes made better after the encoder has had its say, for every kind alike; only when the SAE is used.

    r = x - b_dec - z W_dec                       what the codes leave over
    u' = u + step * r W_dec^T,  z' = activate(u')       one step of a learned ISTA (Gregor and LeCun 2010)
    z'_j = 0 where r'.d_j + z'_j |d_j|^2 <= drop        leave-one-out

r.d_j + z_j |d_j|^2 is the inner product of d_j with what all others leave over, and for unit rows the code
with which j alone would explain most of that: at most `drop`, and j adds nothing to the others. All face
the same r and are dropped together. L0, probes and everything else see what is left.
"""

from __future__ import annotations

from torch import Tensor


def ista_step(u: Tensor, residual: Tensor, decoder: Tensor, step: float) -> Tensor:
    """u' (b, f) of u (b, f), the residual r (b, n) of its codes, and rows (f, n)."""
    return u + step * residual @ decoder.mT


def leave_one_out(z: Tensor, residual: Tensor, decoder: Tensor, drop: float) -> Tensor:
    """z (b, f) without the codes that the others make superfluous; residual (b, n) is that of z."""
    alone = residual @ decoder.mT + z * decoder.square().sum(-1)
    return z * (alone > drop)
