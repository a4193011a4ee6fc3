"""Two trials side by side: settings, scores, and which latent of one is which of the other.

May import: analysis.features, analysis.pages, search.ledger, search.ranking, trainables.data,
    trainables.metrics, trainables.pictures.
"""
