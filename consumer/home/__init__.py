"""What keeps calls and sums safe: the log of what came in, checkpoints, rate tables, dead letters."""
