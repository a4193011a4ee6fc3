"""How workers come to their context and data set: by a file here, by Ray's object store on a cluster.

Either way all workers of a machine read one copy of the arrays, which nobody can write to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainables.storage.mapped_object import MappedObject


def with_inputs(actor: type, scratch: Path | None, **inputs: Any) -> type:
    """`actor` whose `setup` is given `inputs` besides Ray's `config`.

    scratch: a folder of this user's alone, if all workers are on this machine. A driver that owns objects in
    Ray's store is ended by Ray's library, without a word, within a second of its raylet's end: the library
    tries to restore them in a store that is no more. A file leaves it the time to say what happened.
    """
    if scratch is None:
        from ray import tune

        return tune.with_parameters(actor, **inputs)
    stored = MappedObject.write(inputs, scratch)

    class WithInputs(actor):
        def setup(self, config: dict[str, Any]) -> None:
            super().setup(config, **stored.read())

    WithInputs.__name__ = actor.__name__
    return WithInputs
