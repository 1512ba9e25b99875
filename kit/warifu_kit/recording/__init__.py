"""Recording what a party of a network for tests was asked and what it said, and asking it of another build."""
