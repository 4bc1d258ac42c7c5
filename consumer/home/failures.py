"""How a home fails for good. That it cannot take anything just now is `consumer.sources.unavailable`."""


class HomeBroken(Exception):
    """The home must not be carried on with. The message says what happened and what to do."""


class InUse(HomeBroken):
    """Another process has the home."""
