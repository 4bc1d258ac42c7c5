"""Where a panel is: the uid of its dashboard and its id there, by the name that code and alert rules know it by.

Owns uids and ids, which stay what they are: alerts, bookmarks and walls link to them. An id that is no longer used is not
given away again. Knows nothing of what panels show, and imports nothing, so that rules can be made without the SDK.
"""

from typing import NamedTuple


class Place(NamedTuple):
    """A panel of a dashboard."""

    uid: str
    panel_id: int

    @property
    def path(self) -> str:
        """Its address on a Grafana server, behind the server's own: the panel alone, over the whole screen."""
        return f"/d/{self.uid}?viewPanel={self.panel_id}"


WALLBOARD = "callcost-wallboard"
COST = "callcost-cost"
ONCALL = "callcost-oncall"
KAFKA = "callcost-kafka"

_IDS = {
    WALLBOARD: {
        "wall_cost_per_call": 1,
        "wall_expected": 2,
        "wall_today": 3,
        "wall_calls": 4,
        "wall_idle": 5,
        "wall_budget": 6,
        "wall_freshness": 7,
        "wall_driver": 8,
        "wall_trend": 9,
        "wall_moved": 10,
        "wall_unrated": 11,
        "wall_alerts": 12,
    },
    COST: {
        "cost_per_call": 1,
        "expected": 2,
        "absorbed_today": 3,
        "absorbed_month": 4,
        "calls": 5,
        "idle_share": 6,
        "moved": 7,
        "moved_table": 8,
        "components": 9,
        "components_per_call": 10,
        "segments": 11,
        "segment_trend": 12,
        "directions": 13,
        "quantiles": 14,
        "handle_time": 15,
        "idle": 16,
        "idle_pools": 17,
        "budget_burn": 18,
        "projection": 19,
        "budgets": 20,
        "cost_per_sale": 21,
        "cost_per_lead": 22,
        "abandoned": 23,
        "carrier_check": 24,
        "rate_table_versions": 25,
        "windows": 26,
        "distribution": 27,
        "row_now": 101,
        "row_segments": 102,
        "row_pools": 103,
        "row_budgets": 104,
        "row_outcomes": 105,
    },
    ONCALL: {
        "alert_list": 1,
        "alerts": 2,
        "target": 3,
        "ready": 4,
        "freshness": 5,
        "lag": 6,
        "rate_table": 7,
        "store": 8,
        "unrated": 9,
        "rejects": 10,
        "late": 11,
        "dead_letters": 12,
        "rebalances": 13,
        "checkpoints": 14,
        "checkpoint_duration": 15,
        "cardinality": 16,
        "series": 17,
        "index": 18,
        "source_gap": 19,
        "webhooks": 20,
        "received": 21,
        "store_bytes": 22,
        "versions": 23,
        "process_memory": 24,
        "process_cpu": 25,
        "process_files": 26,
        "scrape": 27,
        "corrections": 28,
        "counts": 29,
        "row_alerts": 101,
        "row_flow": 102,
        "row_quality": 103,
        "row_keeping": 104,
        "row_limits": 105,
        "row_process": 106,
    },
    KAFKA: {
        "kafka_partitions": 1,
        "kafka_restoring": 2,
        "kafka_oldest_share": 3,
        "kafka_lag": 4,
        "kafka_rebalances": 5,
        "kafka_workers": 6,
        "kafka_states": 7,
        "kafka_lag_partitions": 8,
        "kafka_share_ages": 9,
        "kafka_restore": 10,
        "kafka_checkpoints": 11,
        "kafka_checkpoint_age": 12,
        "kafka_topic_bytes": 13,
        "kafka_gaps": 14,
    },
}

#: Every panel. Names are unique over all dashboards.
PANELS = {name: Place(uid, panel_id) for uid, ids in _IDS.items() for name, panel_id in ids.items()}
