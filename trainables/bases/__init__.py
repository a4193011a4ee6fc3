"""Bases of the hidden activations in which an SAE works: raw, PCA, ICA, ZCA, rotations, each a file.

May import: trainables.settings.
"""
