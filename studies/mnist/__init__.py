"""What gives an SAE on MNIST features that a person can read: PLAN.md, its ledgers, and what they say."""
