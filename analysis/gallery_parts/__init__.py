"""The pages of `analysis/gallery.py`, one for every latent, from what `analysis.features` found.

May import: analysis.cli, analysis.features, analysis.pages, search.ledger, search.ranking, search.study,
    trainables.data, trainables.metrics, trainables.pictures.
"""
