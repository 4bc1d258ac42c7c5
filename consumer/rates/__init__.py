"""Text of a rate table to a RateTable, with every mistake listed in its place."""
