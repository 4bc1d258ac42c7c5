"""What the simulator's centre pays: a rate table to try callcost on."""
