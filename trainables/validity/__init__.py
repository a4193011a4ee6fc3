"""TODO

May import: trainables.bases, trainables.data, trainables.model, trainables.saes.
"""
