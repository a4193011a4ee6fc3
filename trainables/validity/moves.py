"""Moves: pasted into images of other classes, the part brings the latent with it; a random blob does not.

The part of each image is laid, at its place, over 8 hosts of other classes: x' = max(host, part). Passed if
it fires there at a rate >= .2 above the larger of the same hosts with a random blob of as much ink and the
hosts as they are. margin = (part - larger control) / .4. Of all tests this one carries the card most.
Six images say enough for a count over latents; a latent's own verdict needs 24.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.validity.draws import Draws
from trainables.validity.exhibits import Exhibits
from trainables.validity.outcome import Outcome, ramp

ABOVE = 0.2


def measure(seen: Exhibits, part: Tensor, random: Tensor, draws: Draws) -> Tensor:
    """Firing rate in hosts with the part, with the blob and as they are: (m, s, 3) float64 in [0, 1]."""
    at = draws.hosts[seen.at]
    bare = seen.subject.codes[at, seen.columns[:, None, None]]
    pieces = seen.pictures * part, seen.pictures * random
    return rates(seen, *pieces, seen.subject.images[at], bare)


def rates(seen: Exhibits, part: Tensor, random: Tensor, hosts: Tensor, bare: Tensor) -> Tensor:
    """The same of ink (m, s, h, w) laid over hosts (m, s, k, h, w), whose own codes are `bare` (m, s, k)."""
    pasted = [seen.codes(torch.maximum(hosts, ink[:, :, None])) for ink in (part, random)]
    return torch.stack([(codes > 0).double().mean(dim=2) for codes in (*pasted, bare)], dim=2)


def judge(means: Tensor) -> Outcome:
    """From mean rates (m, 3) of part, blob and bare host."""
    part, random, host = means.unbind(dim=1)
    above = part - torch.maximum(random, host)
    return Outcome(above >= ABOVE, ramp(above, 0, 0.4), {"part": part, "blob": random, "host": host})
