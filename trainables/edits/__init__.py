"""Finite changes of images: ink pasted beyond the strokes, and pieces that hold a share of a digit's ink.

May import: trainables.data.
"""
