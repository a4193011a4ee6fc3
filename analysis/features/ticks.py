"""The tests of the validity card of each latent, passed or not, with the figures that say so in words.

A latent that fails `usable` comes to no further test, nor one that fails `distinct`; the edits are made of
every latent that is both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor

from analysis.features.feature import Tick
from trainables.validity.card import BY_EDITS, JUDGES, ON_CODES, Card
from trainables.validity.distinct import ALIKE
from trainables.validity.enough import KEPT
from trainables.validity.far import CHANGE
from trainables.validity.more_than_label import SHARE, WITHIN
from trainables.validity.moves import ABOVE
from trainables.validity.outcome import Outcome
from trainables.validity.subject import Subject
from trainables.validity.usable import FEWEST, MOST
from trainables.validity.used import AGREE

Figures = Mapping[str, float]


def ticks(card: Card, subject: Subject) -> list[tuple[Tick, ...]]:
    """For each of the f latents one tick a test, in the card's order, without tests that it leaves out."""
    found: list[dict[str, Tick]] = [{} for _ in range(len(card.usable.passed))]
    rows = zip(
        card.usable.passed.tolist(), subject.firing.tolist(), subject.train_firing.tolist(), strict=True
    )
    images = len(subject.codes)
    for latent, (passed, here, on_train) in enumerate(rows):
        said = f"fires on {here} of {images} images (at most {MOST:.0%}), on {on_train} train ({FEWEST} take)"
        found[latent]["usable"] = Tick("usable", passed, said.replace("%", " %"))
    for latent, passed in zip(card.columns.tolist(), card.distinct.passed.tolist(), strict=True):
        said = "no stronger latent says or writes the same"
        found[latent]["distinct"] = Tick("distinct", passed, said if passed else _copied())
    for name, columns, outcome in _judged(card):
        for latent, passed, figures in _each(columns, outcome):
            found[latent][name] = Tick(name, passed, WORDS[name](figures))
    made = [name for name in (*ON_CODES, *BY_EDITS) if name not in card.left_out]
    return [tuple(own.get(name, Tick(name, None, "not come to")) for name in made) for own in found]


def _copied() -> str:
    return f"a stronger latent fires alike (correlation or overlap ≥ {ALIKE}) or writes the same"


def _judged(card: Card) -> Iterator[tuple[str, Tensor, Outcome]]:
    """Test, latents (c,), what it said of them."""
    for name, outcome in card.codes.items():
        yield name, card.candidates, outcome
    for name, figures in card.edits.items():
        yield name, card.examined, JUDGES[name](figures.mean(dim=1))


def _each(columns: Tensor, outcome: Outcome) -> Iterator[tuple[int, bool, Figures]]:
    values = {name: figures.tolist() for name, figures in outcome.figures.items()}
    for place, (latent, passed) in enumerate(zip(columns.tolist(), outcome.passed.tolist(), strict=True)):
        yield latent, passed, {name: numbers[place] for name, numbers in values.items()}


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _selective(f: Figures) -> str:
    return f"{_percent(f['share'])} of its images in its classes, of controls' {_percent(f['control'])}"


def _more_than_label(f: Figures) -> str:
    return (
        f"{_percent(f['share'])} of its firings in classes of which it takes a part (≥ {_percent(SHARE)}); "
        f"splits a class {f['within']:.2f} times as well as chance (≥ {WITHIN})"
    )


def _used(f: Figures) -> str:
    return f"what it does to the logits agrees with its classes by {f['agree']:.2f} (> {AGREE})"


def _stable(f: Figures) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in f.items())


def _far(f: Figures) -> str:
    return f"drawing beyond the digit changes it by {f['ink']:.2f}, salt by {f['salt']:.2f} (≤ {CHANGE})"


def _enough(f: Figures) -> str:
    part, blob = _percent(f["part"]), _percent(f["blob"])
    return f"half of the ink keeps {part} of it (≥ {_percent(KEPT)}), a blob {blob}"


def _moves(f: Figures) -> str:
    return (
        f"pasted into other classes it fires in {_percent(f['part'])}; a blob {_percent(f['blob'])}, "
        f"nothing {_percent(f['host'])} (≥ {100 * ABOVE:.0f} points more)"
    )


WORDS: dict[str, Callable[[Figures], str]] = {
    "selective": _selective,
    "more_than_label": _more_than_label,
    "used": _used,
    "stable": _stable,
    "far": _far,
    "enough": _enough,
    "moves": _moves,
}
