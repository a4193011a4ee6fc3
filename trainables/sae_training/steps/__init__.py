"""One training step behind one interface, `step.Step`. Read `plain.py` first: the loss of the SAE, its
gradient by autograd, the optimiser. `choice.py` takes a faster step where one is known to agree with it:
by selection (TopK and its kin), by lists of codes (ReLU kinds). Tests hold every step to the plain one.
Part of the room `sae_training`.
"""
