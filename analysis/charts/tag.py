"""SVG and HTML elements as escaped text: nothing from a run can end a tag or an attribute."""

from __future__ import annotations

from markupsafe import Markup, escape

Attribute = str | float | None


def tag(name: str, *children: str | Markup, **attributes: Attribute) -> Markup:
    """`<name a="b">children</name>`; `class_` is class, `data_trial` is data-trial, None is left out.

    Children that are not Markup are escaped, and so is every attribute's value.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(children)
    return Markup(f"<{name}{told}>{inside}</{name}>") if inside else Markup(f"<{name}{told}/>")


def percent(share: float) -> str:
    """A place along an axis, for an attribute: 0.25 is `25%`; two decimals are finer than a pixel."""
    return f"{_plain(round(100 * share, 2))}%"


def joined(*parts: str | Markup) -> Markup:
    """Elements one after another."""
    return Markup("").join(parts)


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
