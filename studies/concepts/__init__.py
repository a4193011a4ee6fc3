"""How often the verdict on a concept set is wrong: trained arms on planted images, and their replay."""
