"""Studies done with the product: plans, space files, ledgers, and what makes their tables from these."""
