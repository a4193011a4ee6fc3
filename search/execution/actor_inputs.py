"""How workers come to their context and data set: by a file here, by Ray's object store on a cluster.

Either way all workers of a machine read one copy of the arrays, which nobody can write to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainables.foreign import import_object
from trainables.storage.mapped_object import MappedObject


def with_inputs(actor: str, scratch: Path | None, **inputs: Any) -> type:
    """The class `package.module:Actor`, whose `setup` is given `inputs` besides Ray's `config`.

    The class is imported by the workers alone: what they train with takes the driver seconds to load, and it
    needs none of it.
    scratch: a folder of this user's alone, if all workers are on this machine. A driver that owns objects in
    Ray's store is ended by Ray's library, without a word, within a second of its raylet's end: the library
    tries to restore them in a store that is no more. A file leaves it the time to say what happened.
    """
    from ray import tune

    class NamedActor(tune.Trainable):
        def setup(self, config: dict[str, Any], **given: Any) -> None:
            self.__class__ = import_object(actor)
            self.setup(config, **given)

    NamedActor.__name__ = actor.partition(":")[2]
    if scratch is None:
        return tune.with_parameters(NamedActor, **inputs)
    stored = MappedObject.write(inputs, scratch)

    class WithInputs(NamedActor):
        def setup(self, config: dict[str, Any]) -> None:  # type: ignore[override]
            super().setup(config, **stored.read())

    WithInputs.__name__ = NamedActor.__name__
    return WithInputs
