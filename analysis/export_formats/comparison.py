"""Whether exported weights give the codes of the trial."""

from __future__ import annotations

import torch
from torch import Tensor

from analysis.export_formats.subject import Subject
from search.errors import SearchError

TOLERANCE = 1e-5


def largest_difference(subject: Subject, h: Tensor, codes: Tensor) -> float:
    """max |z' - z| / max(1, max z) of exported codes z' (b, f) and the trial's own z, at hidden h (b, d).

    An entry whose pre-activation is nearer than `TOLERANCE` (of the largest) to where its code jumps is left
    out: there, rounding decides. NaN if z' is not finite.
    """
    with torch.no_grad():
        u, own = subject.model.features.encode(h)
    size = max(1.0, float(own.max()))
    far = subject.folded.rule.distance_to_jump(u.double()) > TOLERANCE * max(1.0, float(u.abs().max()))
    difference = (codes.double() - own.double()).abs()
    return float(torch.where(far | difference.isnan(), difference, 0.0).max()) / size


def refuse_other_codes(subject: Subject, h: Tensor, codes: Tensor) -> float:
    """The largest difference. SearchError if it is above `TOLERANCE`: better no export than a wrong one."""
    difference = largest_difference(subject, h, codes)
    if not difference <= TOLERANCE:
        raise SearchError(
            f"trial {subject.model.number}: on {len(h)} {subject.probes_are} the codes of the weights "
            f"written differ by {difference:.1e} of the largest from the trial's own; nothing was exported"
        )
    return difference
