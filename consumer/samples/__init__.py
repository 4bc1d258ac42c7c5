"""A believable centre to try callcost on: its rate table, and calls as they could have been made to it."""
