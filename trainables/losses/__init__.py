"""Auxiliary losses of the classifier, each a file, and what they are told of a batch.

May import: trainables.bases, trainables.concepts, trainables.data, trainables.edits, trainables.networks,
    trainables.settings.
"""
