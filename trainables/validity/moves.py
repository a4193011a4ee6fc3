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
    hosts = seen.subject.images[at]
    rates = [
        (seen.codes(torch.maximum(hosts, (seen.pictures * mask)[:, :, None])) > 0).double().mean(dim=2)
        for mask in (part, random)
    ]
    unpasted = seen.subject.codes[at, seen.columns[:, None, None]] > 0
    return torch.stack([*rates, unpasted.double().mean(dim=2)], dim=2)


def judge(means: Tensor) -> Outcome:
    """From mean rates (m, 3) of part, blob and bare host."""
    part, random, host = means.unbind(dim=1)
    above = part - torch.maximum(random, host)
    return Outcome(above >= ABOVE, ramp(above, 0, 0.4), {"part": part, "blob": random, "host": host})
