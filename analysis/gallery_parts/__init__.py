"""The pages of `analysis/gallery.py`, one for every latent, from what `analysis.features` found.

May import: analysis.features, analysis.pages, search.ledger, search.ranking, search.study,
    trainables.metrics, trainables.pictures.
"""
