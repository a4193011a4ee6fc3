"""A reader's test of latents, blinded: questions whose answers chance has too, a page, and what came back.

May import: analysis.cli, analysis.features, analysis.pages, search.ledger, trainables.data,
    trainables.metrics, trainables.model, trainables.networks, trainables.pictures, trainables.validity.
"""
