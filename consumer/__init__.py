"""callcost: what every call costs, live."""
