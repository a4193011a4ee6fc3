"""Checks of whether a metric says what it claims: gaming, planted truth, and the card of a metric.

May import: trainables.bases, trainables.data, trainables.model, trainables.saes.
"""
