"""Where a latent looks: gradients, integrated and smoothed gradients, occlusion, each a file.

May import: trainables.settings.
"""
