"""An object whose arrays are read from one file by every process of a machine."""

from __future__ import annotations

import mmap
import pickle
import tempfile
from pathlib import Path
from typing import Any

ALIGNED = 64
"""Bytes; what torch and numpy want an array to begin at."""


class MappedObject:
    """A pickled object whose arrays lie in a file, from where every process that reads it maps them."""

    def __init__(self, file: Path, pickled: bytes, places: tuple[tuple[int, int], ...]) -> None:
        """places: where each array begins and ends in the file, in the order of the pickle."""
        self._file, self._pickled, self._places = file, pickled, places

    @classmethod
    def write(cls, value: Any, folder: Path) -> MappedObject:
        """The object, with its arrays in a new file of `folder`, which nobody else may read."""
        buffers: list[pickle.PickleBuffer] = []
        pickled = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        places = []
        number, name = tempfile.mkstemp(".arrays", "inputs-", folder)
        with open(number, "wb") as file:
            for buffer in buffers:
                file.write(b"\0" * (-file.tell() % ALIGNED))
                begin = file.tell()
                file.write(buffer.raw())
                places.append((begin, file.tell()))
        return cls(Path(name), pickled, tuple(places))

    def read(self) -> Any:
        """The object anew; its arrays are read-only views of the file and keep it mapped."""
        if not any(end for _, end in self._places):
            return pickle.loads(self._pickled, buffers=[b"" for _ in self._places])
        with self._file.open("rb") as file:
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return pickle.loads(self._pickled, buffers=[mapped[begin:end] for begin, end in self._places])
