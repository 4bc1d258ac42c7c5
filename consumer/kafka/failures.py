"""How a cluster fails us: for good, or just now."""

from aiokafka.errors import KafkaError


class ClusterUnusable(Exception):
    """What is there is not what is needed, and waiting does not help. The message says what to do."""


def reason_of(error: KafkaError) -> str:
    """What went wrong, in one line."""
    text = " ".join(str(part) for part in error.args if part) or error.__class__.__name__
    return text.removeprefix(f"{error.__class__.__name__}: ").splitlines()[0][:300]
