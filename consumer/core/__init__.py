"""What a call costs, as values in and values out: no clock, file, log, metric, thread or await."""
