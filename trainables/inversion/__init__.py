"""Images made to excite a latent, under transformations and a prior, and what they excite.

May import: trainables.model, trainables.settings.
"""
