"""Auxiliary losses of the classifier and losses on latents, each a file, and what they are told of a batch.

May import: trainables.data, trainables.edits, trainables.networks, trainables.settings.
"""
