"""How a home fails for good. That it cannot take anything just now is `consumer.sources.unavailable`."""


class HomeBroken(Exception):
    """The home must not be carried on with. The message says what happened and what to do."""


class Damaged(Exception):
    """Something is not in the file as it was written there; which, says the message. Who has the file says the rest."""


class InUse(HomeBroken):
    """Another process has the home."""
