"""Where events come in: recorded files, and files that are still being written."""
