"""A trial's SAE as files for others: SAELens, ONNX, plain tensors. Each format checks what it wrote.

May import: search.run_dir, trainables.model, trainables.networks, trainables.saes, trainables.settings.
"""
