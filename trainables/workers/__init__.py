"""What Ray runs, and what it says and is told. The one room of trainables that knows Ray.

May import: trainables.confirmation, trainables.data, trainables.model, trainables.pictures,
    trainables.pipeline, trainables.sae_training, trainables.saes, trainables.settings, trainables.stages,
    trainables.storage.
"""
