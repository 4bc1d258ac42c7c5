"""Pieces of the texts of alerts: templates that Prometheus fills in when an alert fires.

Owns how money, counts and lookups are written in a template. Each takes PromQL in which `$label` stands for a label of
the alert, and gives `?` where the query finds nothing, so that a text is never cut short.
"""

import re

#: Cost per call: four digits, as carriers have them. Sums: two.
PER_CALL, SUM = "%.4f", "%.2f"

_LABEL = re.compile(r"\$(\w+)")


def query(promql: str) -> str:
    """A pipeline that asks Prometheus; labels are quoted by it, whatever is in them."""
    labels = _LABEL.findall(promql)
    pattern = _LABEL.sub("%q", promql.replace("%", "%%"))
    arguments = "".join(f" $labels.{label}" for label in labels)
    return f"query (printf {quoted(pattern)}{arguments})" if labels else f"query {quoted(promql)}"


def looked_up(promql: str, shown: str) -> str:
    """The first value that a query finds."""
    return "{{ with " + query(promql) + " }}{{ . | first | value | " + shown + " }}{{ else }}?{{ end }}"


def listed(promql: str, each: str, otherwise: str) -> str:
    """All that a query finds, in its order, each written the same way."""
    return (
        "{{ range $number, $one := " + query(promql) + " }}{{ if $number }}, {{ end }}" + each
        + "{{ else }}" + otherwise + "{{ end }}"
    )  # fmt: skip


def amount(code: str, digits: str = SUM) -> str:
    """How money is printed."""
    return f"printf {quoted(f'{code} {digits}')}"


def quoted(text: str) -> str:
    """A string of Go's templates: between back quotes, so that PromQL's own quotes stay readable."""
    return f"`{text}`"
