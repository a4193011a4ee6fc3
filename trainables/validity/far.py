"""Far: what is drawn beyond the digit does not change the latent.

Beyond the convex hull of the stroke mask, grown so that mask and growth keep 3 of 28 pixels clear of the ink,
are laid
    ink   of four other images, rolled at random, one by one and all together
    salt  10 % of the pixels at 1, four draws
and the change of the code's rank (`exhibits`) is averaged over images: for salt over the draws too, for ink
at the worst of the five, as what lies elsewhere than a latent's weak spot says nothing and a weak veto needs
much ink to be seen. Passed if both are <= .4.
Full-strength edits only: a threshold on pixels maps 1 to 1, so that a dead zone in front of the network
cannot hide them. margin = (.9 - larger change) / .6.
A veto by border ink is seen if the ink of four images takes .4 of the rank; a weaker one passes. On 8x8
digits a third of the pixels lie there, on MNIST half.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.data.convex_hull import filled_hull
from trainables.validity.draws import Draws, rolled
from trainables.validity.exhibits import Exhibits
from trainables.validity.outcome import Outcome, ramp
from trainables.validity.subject import StrokeMask

# The stroke mask has grown by one pixel already; together 3 of 28.
GROWN = 3 / 28
CHANGE = 0.4


def measure(seen: Exhibits, draws: Draws) -> Tensor:
    """Relative change by ink and by salt, per latent and image: (m, s, 2) float64."""
    strokes = seen.subject.strokes
    assert strokes is not None
    free = beyond(seen.pictures.flatten(0, 1), strokes).view(seen.pictures.shape)[:, :, None]
    whole = seen.pictures[:, :, None]
    ink = rolled(seen.subject.images[draws.donors[seen.at]], draws.shifts[seen.at])
    ink = torch.cat([ink, ink.amax(dim=2, keepdim=True)], dim=2)
    pasted = seen.change(torch.where(free, torch.maximum(whole, ink), whole))
    salted = seen.change(torch.where(free & draws.salted(seen.at), 1.0, whole))
    return torch.stack([pasted.amax(dim=2), salted.mean(dim=2)], dim=2)


def judge(means: Tensor) -> Outcome:
    """Judge by mean changes (m, 2)."""
    worst = means.amax(dim=1)
    return Outcome(worst <= CHANGE, ramp(worst, 0.9, 0.3), {"ink": means[:, 0], "salt": means[:, 1]})


def beyond(images: Tensor, strokes: StrokeMask) -> Tensor:
    """Pixels beyond the grown hull of the strokes of images (b, h, w): bool of that shape."""
    reach = max(0, round(GROWN * images.shape[-1]) - 1)
    hull = filled_hull(strokes(images)).float()[:, None]
    return F.max_pool2d(hull, 2 * reach + 1, stride=1, padding=reach)[:, 0] == 0
