"""What is done to a run's files while no driver is there: each kind of file, at each class of offset."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.campaign.checker import read_ledger

KINDS = {
    "ledger": "runs/run/trials.jsonl",
    "study.db": "runs/run/study.db",
    "run.json": "runs/run/run.json",
    "resolved space": "runs/run/space.resolved.yaml",
    "space": "runs/run/space.yaml",
    "LOCK": "runs/run/LOCK",
    "driver.log": "runs/run/driver.log",
    "params": "runs/run/trials/*/params.json",
    "metrics": "runs/run/trials/*/metrics.csv",
    "events": "runs/run/trials/**/events.out.tfevents.*",
    "tensors": "runs/run/trials/*/checkpoint/*/tensors.safetensors",
    "record": "runs/run/trials/*/checkpoint/*/record.json",
    "cache": "cache/**/*",
}
MAY_BE_REFUSED = {"ledger", "run.json", "resolved space"}
"""Files that nothing else tells; from a damaged one a driver may refuse to go on, and must change nothing."""


def _flip(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes | None]] = {
    "first byte": lambda content, _: _flip(content, 0),
    "middle byte": lambda content, chance: _flip(content, chance.randrange(len(content))),
    "last byte": lambda content, _: _flip(content, len(content) - 1),
    "cut": lambda content, chance: content[: chance.randrange(len(content))],
    "emptied": lambda _, __: b"",
    "removed": lambda _, __: None,
    "zeros at the end": lambda content, chance: content + bytes(chance.randrange(1, 5000)),
    "more at the end": lambda content, chance: content + chance.randbytes(chance.randrange(1, 200)),
    "lines end in CR LF": lambda content, _: content.replace(b"\n", b"\r\n"),
}


@dataclass(frozen=True)
class Damage:
    """One file that was damaged, and how it was before."""

    kind: str
    how: str
    path: Path
    before: bytes
    after: bytes | None

    def __str__(self) -> str:
        return f"{self.kind}, {self.how}"

    def mend(self) -> None:
        """Put the file back as from a copy."""
        self.path.write_bytes(self.before)

    @property
    def is_unchanged(self) -> bool:
        """Whether the file is still as it was damaged."""
        return (self.path.read_bytes() if self.path.exists() else None) == self.after

    @property
    def must_be_refused(self) -> bool:
        """Whether a driver must not go on: of a ledger that no crash leaves behind."""
        if self.kind != "ledger":
            return False
        content = self.after or b""
        torn = content[content.rfind(b"\n") + 1 :]
        # A first line may be torn, but there were no trials then.
        is_lost = b"\n" not in content and any(self.path.parent.glob("trials/[0-9]*"))
        is_torn = not torn or torn.startswith(b"\0") or self.before.startswith(content) or is_head(torn)
        return bool(read_ledger(self.path).violations) or is_lost or not is_torn


def is_head(torn: bytes) -> bool:
    """Whether a line without its end begins as lines do."""
    return torn.startswith(b'{"crc":"') or b'{"crc":"'.startswith(torn)


def damage(work: Path, chance: random.Random) -> Damage | None:
    """Damage one file of the run in `work`, or of its cache; None where there is none of the kind drawn."""
    kind, how = chance.choice(list(KINDS)), chance.choice(list(DAMAGES))
    found = sorted(path for path in work.glob(KINDS[kind]) if path.is_file() and path.stat().st_size)
    if not found:
        return None
    path = chance.choice(found)
    before = path.read_bytes()
    after = DAMAGES[how](before, chance)
    if after is None:
        path.unlink()
    else:
        path.write_bytes(after)
    return Damage(kind, how, path, before, after)
