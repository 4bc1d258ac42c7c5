"""What is used of the Grafana Foundation SDK.

Owns its import. The SDK says of the classic dashboard that its second version is to be preferred; Grafana's file
provisioning reads the classic one alone (grafana/grafana#126641), so that warning is left unsaid.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import bargauge, heatmap, stat, table, timeseries
    from grafana_foundation_sdk.builders import common as options
    from grafana_foundation_sdk.builders.dashboard import (
        AnnotationQuery,
        CustomVariable,
        Dashboard,
        DashboardLink,
        DatasourceVariable,
        FieldColor,
        Panel,
        QueryVariable,
        Row,
        ThresholdsConfig,
    )
    from grafana_foundation_sdk.builders.prometheus import Dataquery
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models import common as kinds
    from grafana_foundation_sdk.models import dashboard as models
    from grafana_foundation_sdk.models import units
    from grafana_foundation_sdk.models.common import DataSourceRef
    from grafana_foundation_sdk.models.dashboard import (
        DashboardCursorSync,
        DashboardLinkType,
        DashboardRangeMapOptions,
        DataTransformerConfig,
        DynamicConfigValue,
        FieldColorModeId,
        GridPos,
        RangeMap,
        Threshold,
        ThresholdsMode,
        ValueMappingResult,
        VariableOption,
        VariableRefresh,
        VariableSort,
    )
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat

__all__ = [
    "AnnotationQuery",
    "CustomVariable",
    "Dashboard",
    "DashboardCursorSync",
    "DashboardLink",
    "DashboardLinkType",
    "DashboardRangeMapOptions",
    "DataSourceRef",
    "DataTransformerConfig",
    "Dataquery",
    "DatasourceVariable",
    "DynamicConfigValue",
    "FieldColor",
    "FieldColorModeId",
    "GridPos",
    "JSONEncoder",
    "Panel",
    "PromQueryFormat",
    "QueryVariable",
    "RangeMap",
    "Row",
    "Threshold",
    "ThresholdsConfig",
    "ThresholdsMode",
    "ValueMappingResult",
    "VariableOption",
    "VariableRefresh",
    "VariableSort",
    "bargauge",
    "heatmap",
    "kinds",
    "models",
    "options",
    "register_default_plugins",
    "stat",
    "table",
    "timeseries",
    "units",
]
