"""That nothing can be taken just now: an exception, since no event is at fault."""


class Unavailable(Exception):
    """Nothing was taken, and nothing was lost: the sender should try again. The message says what is in the way."""
