"""What somebody in front of a dashboard can choose: data source, job, instances, segments, the window.

Owns the dashboards' variables and the values that stand for all. Queries use them by `promql.WORKERS` and `chosen`.
"""

from grafana.figures import SEGMENT_WINDOWS
from grafana.promql import WORKERS, chosen, series
from grafana.reporting import Reporting
from grafana.sdk import (
    CustomVariable,
    DataSourceRef,
    DatasourceVariable,
    QueryVariable,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

#: The data source of every panel, query, variable and annotation: what is chosen.
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

_ALL = VariableOption(selected=True, text=["All"], value=["$__all"])

Variable = DatasourceVariable | QueryVariable | CustomVariable


def workers() -> list[Variable]:
    """Data source, job and instances. Also a worker without figures yet has callcost_build_info."""
    return [
        DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _query("job", "Job", "label_values(callcost_build_info, job)", ".+"),
        _query("instance", "Instance", f"label_values(callcost_build_info{{{WORKERS[0]}}}, instance)", ".+"),
    ]


def direction() -> list[Variable]:
    """The direction of calls."""
    return [_of_segments("direction", ())]


def segments(reporting: Reporting) -> list[Variable]:
    """Every dimension, each offering what there is in the chosen values of those before it."""
    dimensions = reporting.dimensions
    return [_of_segments(name, dimensions[:number]) for number, name in enumerate(dimensions)]


def window() -> list[Variable]:
    """The windows that have segments."""
    values = [VariableOption(selected=name == "1h", text=name, value=name) for name in SEGMENT_WINDOWS]
    variable = CustomVariable("window").label("Window").values(",".join(SEGMENT_WINDOWS)).options(values)
    return [variable.current(VariableOption(selected=True, text="1h", value="1h")).multi(False).include_all(False)]


def _of_segments(name: str, before: tuple[str, ...]) -> QueryVariable:
    """All is also what is not set, as it is in windows without segments."""
    matchers = ('window=~"24h|month-to-date"', *map(chosen, before), f'{name}!=""')
    rows = series("callcost_window_calls", *matchers)
    return _query(name, name.capitalize(), f"label_values({rows}, {name})", ".*")


def _query(name: str, label: str, query: str, everything: str) -> QueryVariable:
    variable = QueryVariable(name).label(label).datasource(SOURCE).query(query).definition(query)
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.multi(True).include_all(True).all_value(everything).current(_ALL)
