"""Finite edits of images that tests and losses share: ink beyond the strokes, pieces of a digit.

May import: trainables.data.
"""
