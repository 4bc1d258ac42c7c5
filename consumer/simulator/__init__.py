"""An invented contact centre, and what its platform tells of its calls: the same seed tells the same bytes.

Imports `consumer.core` alone. Knows no rate table and no clock: every instant is an argument.
"""
