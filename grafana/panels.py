"""Where a panel is: the uid of its dashboard and its id there, by the name that code and alert rules know it by.

Owns uids and ids, which stay what they are: alerts, bookmarks and walls link to them. An id that is no longer used is
not given away again. Knows nothing of what panels show, and imports nothing, so that rules can be made without the SDK.
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
        "wall_cost": 1,
        "wall_cost_target": 2,
        "wall_today": 3,
        "wall_today_target": 4,
        "wall_calls": 5,
        "wall_calls_target": 6,
        "wall_idle": 7,
        "wall_idle_target": 8,
        "wall_budget": 9,
        "wall_budget_target": 10,
        "wall_fresh": 11,
        "wall_fresh_target": 12,
        "wall_driver": 13,
        "wall_moved": 14,
        "wall_trend": 15,
    },
    COST: {
        "cost_per_call": 1,
        "cost_now": 2,
        "absorbed_now": 3,
        "calls_now": 4,
        "idle_now": 5,
        "budget_now": 6,
        "moved": 7,
        "moved_table": 8,
        "components": 9,
        "components_per_call": 10,
        "segments": 11,
        "segment_trend": 12,
        "handle_time": 13,
        "windows": 14,
        "quantiles": 15,
        "distribution": 16,
        "idle": 17,
        "idle_pools": 18,
        "budget_burn": 19,
        "projection": 20,
        "budgets": 21,
        "cost_per_sale": 22,
        "cost_per_lead": 23,
        "abandoned": 24,
        "carrier_check": 25,
        "rate_versions": 26,
        "row_now": 101,
        "row_segments": 102,
        "row_pools": 103,
        "row_budgets": 104,
        "row_outcomes": 105,
        "row_components": 106,
    },
    ONCALL: {
        "alert_list": 1,
        "alerts": 2,
        "target": 3,
        "ready": 4,
        "fresh_now": 5,
        "freshness": 6,
        "lag": 7,
        "lag_bytes": 8,
        "rate_table": 9,
        "store": 10,
        "received": 11,
        "unrated": 12,
        "rejects": 13,
        "late": 14,
        "corrections": 15,
        "dead_letters": 16,
        "webhooks": 17,
        "rebalances": 18,
        "checkpoints": 19,
        "checkpoint_duration": 20,
        "store_bytes": 21,
        "source_gap": 22,
        "cardinality": 23,
        "series": 24,
        "index": 25,
        "scrape": 26,
        "builds": 27,
        "memory": 28,
        "processor": 29,
        "open_files": 30,
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
        "kafka_workers": 5,
        "kafka_states": 6,
        "kafka_lag_partitions": 7,
        "kafka_shares": 8,
        "kafka_restore": 9,
        "kafka_rebalances": 10,
        "kafka_checkpoints": 11,
        "kafka_checkpoint_duration": 12,
        "kafka_topic_bytes": 13,
        "kafka_gaps": 14,
    },
}

#: Every panel. Names are unique over all dashboards.
PANELS = {name: Place(uid, panel_id) for uid, ids in _IDS.items() for name, panel_id in ids.items()}
