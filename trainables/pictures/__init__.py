"""Pictures of latents as pixels: templates, attributions, contact sheets.

May import: trainables.attribution, trainables.metrics, trainables.model, trainables.storage.
"""
