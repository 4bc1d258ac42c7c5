"""What the other tests take for granted: selectors are found as PromQL means them."""

from tests.grafana.selectors import Selector, selectors


def test_a_metric_with_matchers_and_range_in_a_function() -> None:
    [found] = selectors(
        'sum by (reason) (rate(callcost_rejected_total{job=~"$job", reason!="a,b}"}[$__rate_interval]))'
    )
    matchers = {"job": ("=~", "$job"), "reason": ("!=", "a,b}")}
    assert found == Selector("callcost_rejected_total", matchers, "$__rate_interval", "rate")


def test_a_bare_metric_is_one_and_labels_functions_and_numbers_are_not() -> None:
    expr = "time() - max(a) * on (job, instance) group_left () b{} and on (pool) (c > 0.5) or topk(3, d offset 1h)"
    assert [found.metric for found in selectors(expr)] == ["a", "b", "c", "d"]


def test_a_function_is_the_nearest_one() -> None:
    assert [found.function for found in selectors("rate(a[5m]) + max(b) + (c)")] == ["rate", "max", None]
    assert [found.range for found in selectors("rate(a[5m]) + max(b)")] == ["5m", None]


def test_the_range_of_a_subquery_is_no_metric() -> None:
    [found] = selectors('max_over_time((sum by (job) (a_total{job=~"$job"}))[1h:15s] offset $__rate_interval)')
    assert (found.metric, found.range) == ("a_total", None)
