"""What is known of planted images held against what pipelines found: recipes, correlations, the page of them.

May import: trainables.data, trainables.metrics, trainables.model, trainables.pipeline, trainables.stages.
"""
