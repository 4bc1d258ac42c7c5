"""Recording rules, one file for each thing that is recorded.

Every one leaves `instance` out: what workers share is summed, what all know alike is taken once. `job` stays, so that
two installations on one Prometheus do not mix. A ratio without a denominator has no sample.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.recording.budgets import budgets
from deploy.rules.recording.cost import cost
from deploy.rules.recording.expected import expected
from deploy.rules.recording.flow import flow
from deploy.rules.recording.pools import pools
from deploy.rules.rule import Group


def recording_groups(to: Deployment) -> list[Group]:
    """All of them, in the order in which one needs the other."""
    return [cost(to), pools(to), expected(to), budgets(to), flow(to)]
