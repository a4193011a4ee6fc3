"""What a member of the sceptic's panel is: an object that says its name, its rung, and how it is built.

To add one here: a file in `panel` and its name in `members.ENTRIES`. To add one elsewhere: an entry point of
the group `sae_search.panel` that names a `PanelMember`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainables.confirmation.trained import Trained
    from trainables.model.interface import SupportsFeatures
    from trainables.stages.fitting import SaeTask


def _none(_trained: Trained) -> Sequence[SaeTask]:
    return ()


@dataclass(frozen=True, eq=False)
class PanelMember:
    """One way to have codes of the trial's own network without what is claimed for the trial.

    rung: under which a confirmation's ledger keeps its scores, so never to be changed; from 100 on for
    members from outside. words: what sentences call it. build: its model; raises TrialDiverged if a training
    of it does. saes: those that `build` trains, so that they can be trained in one batch beforehand.
    is_ceiling: whether it knows more than an SAE may, so that to stay below it is no fault.
    own_network: whether its codes are of another network than the trial's.
    """

    name: str
    rung: int
    words: str
    build: Callable[[Trained], SupportsFeatures]
    saes: Callable[[Trained], Sequence[SaeTask]] = _none
    is_ceiling: bool = False
    own_network: bool = False
