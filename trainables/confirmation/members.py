"""Who sits on the panel, without importing torch."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from trainables.confirmation.member import PanelMember
from trainables.errors import MemberError
from trainables.foreign import import_object

# Files of `trainables.confirmation.panel`, in the order in which tables show them.
ENTRIES = (
    "random_dictionary",
    "soft_frozen_decoder",
    "frozen_encoder",
    "data_points",
    "kmeans",
    "nmf",
    "pca",
    "neurons",
    "untrained",
    "class_means",
)
GROUP = "sae_search.panel"
FIRST_FOREIGN = 100
# Members of earlier versions: their scores stay readable where a confirmation has them.
RETIRED = {"identity": 3, "leading_components": 4}


def panel() -> dict[str, PanelMember]:
    """Name -> member: ours, then those of installed packages.

    Raises MemberError for an entry point that is no `PanelMember`, or takes a name or rung that is taken.
    """
    found: dict[str, PanelMember] = {}
    for entry in ENTRIES:
        member: PanelMember = import_module(f"trainables.confirmation.panel.{entry}").MEMBER
        found[member.name] = member
    for point in entry_points(group=GROUP):
        member = import_object(point.value)
        if not isinstance(member, PanelMember):
            raise MemberError(f"{point.value}, entry point {point.name} of {GROUP}: must be a PanelMember")
        taken = {other.rung for other in found.values()}
        if member.name in found or member.rung in taken or member.rung < FIRST_FOREIGN:
            raise MemberError(
                f"{point.value}, entry point {point.name} of {GROUP}: name {member.name} and rung "
                f"{member.rung} must be its own, the rung at least {FIRST_FOREIGN}"
            )
        found[member.name] = member
    return found
