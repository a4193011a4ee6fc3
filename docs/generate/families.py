"""Every member of the open families, as the registries and the members' docstrings say."""

from __future__ import annotations

from search.study.registries import SAMPLERS, SCHEDULERS
from trainables import registry
from trainables.registry import Registry

HEAD = """\
# Every kind

Made from the registries: what can stand in a space file by its name. [Extending](extending.md) says how to
add to each, here or elsewhere.
"""
FAMILIES = (
    registry.CLASSIFIERS,
    registry.FRONT_ENDS,
    registry.BASES,
    registry.SAES,
    registry.AUXILIARY_LOSSES,
    registry.LOOPS,
    registry.LATENT_LOSSES,
    registry.DATASETS,
    registry.CONCEPT_TABLES,
    registry.ATTRIBUTIONS,
    SAMPLERS,
    SCHEDULERS,
)


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join((HEAD, *map(_family, FAMILIES)))


def _family(family: Registry) -> str:
    rows = "\n".join(f"| `{name}` | {_what(family[name])} |" for name in family.built_in)
    return f"## {family.noun[0].upper()}{family.noun[1:]}\n\n| name | what |\n|---|---|\n{rows}\n"


def _what(member: object) -> str:
    first = (member.__doc__ or "").strip().split("\n\n")[0]
    return " ".join(first.split()).replace("|", "\\|")
