"""How workers come to their context and data set: by a file here, by Ray's object store on a cluster."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any


def with_inputs(actor: type, scratch: Path | None, **inputs: Any) -> type:
    """`actor` whose `setup` is given `inputs` besides Ray's `config`.

    scratch: a folder of this user's alone, if all workers are on this machine. A driver that owns objects in
    Ray's store is ended by Ray's library, without a word, within a second of its raylet's end: the library
    tries to restore them in a store that is no more. A file leaves it the time to say what happened; each
    worker holds a copy of the data set of its own for that.
    """
    if scratch is None:
        from ray import tune

        return tune.with_parameters(actor, **inputs)
    number, name = tempfile.mkstemp(".pickle", "inputs-", scratch)
    file = Path(name)
    with open(number, "wb") as written:
        pickle.dump(inputs, written, protocol=5)

    class WithInputs(actor):
        def setup(self, config: dict[str, Any]) -> None:
            with file.open("rb") as given:
                super().setup(config, **pickle.load(given))

    WithInputs.__name__ = actor.__name__
    return WithInputs
