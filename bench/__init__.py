"""Measurements of callcost: ratios within one run, reported with the machine. Nothing here is a test."""
