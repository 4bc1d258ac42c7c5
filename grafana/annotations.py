"""What is marked across all charts: a rate table was loaded.

Owns the annotations' queries. A change of prices explains many a change of cost.
"""

from grafana.colours import PURPLE
from grafana.promql import series
from grafana.sdk import AnnotationQuery, Dataquery
from grafana.variables import SOURCE


def rate_tables() -> AnnotationQuery:
    """A mark where the table in use was loaded, also by a worker that was started again.

    Grafana takes the value of a sample for the time of the mark (useValueForTime), in milliseconds.
    """
    loaded = series("callcost_rate_table_loaded_timestamp_seconds")
    versions = series("callcost_rate_table_info")
    expr = f"1000 * max by (sha256) ({versions} * on (job, instance) group_left () {loaded})"
    query = Dataquery().datasource(SOURCE).ref_id("Anno").expr(expr).range()
    mark = AnnotationQuery().name("Rate table").datasource(SOURCE).enable(True).hide(False).icon_color(PURPLE)
    mark.expr(expr).target(query).use_value_for_time(True)
    return mark.title_format("Rate table loaded").text_format("sha256 {{sha256}}").tag_keys("sha256")
