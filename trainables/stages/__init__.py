"""The stages of a pipeline with their cache: keys, single flight, fitting basis and SAE.

May import: trainables.bases, trainables.metrics, trainables.model, trainables.networks,
    trainables.sae_training, trainables.saes, trainables.settings, trainables.storage.
"""
