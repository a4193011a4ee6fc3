"""What a simulated driver has acknowledged, and since when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from search.ledger.events import Event
from search.ledger.history import History


class Acknowledged:
    """A logger that hears what is safe, last of all, and notes since when."""

    def __init__(self, ledger: Path, clock: Callable[[], float]) -> None:
        self._ledger, self._clock = ledger, clock
        self.begins()

    def begins(self) -> None:
        """A session in which nothing was acknowledged yet."""
        self.length = 0
        self._since: list[tuple[float, int]] = []

    def on_events(self, events: Sequence[Event], history: History) -> None:  # noqa: ARG002
        self.length = self._ledger.stat().st_size
        self._since.append((self._clock(), self.length))

    def before(self, then: float) -> int:
        """How much of the ledger was acknowledged in this session by then."""
        return max((length for when, length in self._since if when <= then), default=0)

    def close(self) -> None:
        pass


class AcknowledgedLost(Exception):
    """The crash itself took what had been acknowledged: it was not synced."""

    def __init__(self, length: int, left: bytes) -> None:
        super().__init__(f"{length} bytes were acknowledged, the cut left {len(left)} others")
