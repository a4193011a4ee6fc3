"""One trial from data to metrics, step by step and rung by rung, with its checkpoints. Start reading here.

May import: trainables.classifier, trainables.concepts, trainables.data, trainables.metrics, trainables.model,
    trainables.networks, trainables.sae_training, trainables.stages, trainables.storage.
"""
