"""What a confirmation trains and scores beside the trial itself: the sceptic's panel, and all their scores.

May import: trainables.bases, trainables.metrics, trainables.data, trainables.model, trainables.networks,
    trainables.sae_training, trainables.saes, trainables.settings, trainables.stages, trainables.storage,
    trainables.validity.
"""
