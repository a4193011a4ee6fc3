"""What a trial is measured by: formulas, nulls, references, and the catalogue of all metrics.

May import: trainables.attribution, trainables.bases, trainables.data, trainables.edits,
    trainables.inversion, trainables.model, trainables.validity.
"""
