"""What a confirmation trains and scores beside the trial itself: controls and their scores.

May import: trainables.bases, trainables.data, trainables.metrics, trainables.model, trainables.networks,
    trainables.sae_training, trainables.stages, trainables.storage.
"""
