"""Network, basis and SAE as one model from images to codes and back, and activations that are kept.

May import: trainables.bases, trainables.networks, trainables.saes.
"""
