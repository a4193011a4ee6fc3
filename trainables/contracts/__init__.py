"""What members of the open families promise, one file for each kind of promise; `trainables.testing` has all.

May import: trainables.attribution, trainables.bases, trainables.classifier, trainables.concepts,
    trainables.data, trainables.losses, trainables.metrics, trainables.model, trainables.networks,
    trainables.pipeline, trainables.sae_training, trainables.settings, trainables.stages.
"""
