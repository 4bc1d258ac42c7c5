"""What joins two sides: files with the home, the rate table with the fold, the fold with the surface."""
