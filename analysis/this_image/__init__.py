"""One image at a time: which latents fire, where each looks, and how they add up to the answer.

May import: analysis.export_formats, analysis.features, analysis.pages, trainables.data, trainables.model,
    trainables.networks, trainables.pictures.
"""
