"""Groups of images and latents in the codes of one trial, and the page about them.

May import: analysis.features, analysis.pages, trainables.data, trainables.metrics, trainables.pictures,
    trainables.pipeline, trainables.storage.
"""
