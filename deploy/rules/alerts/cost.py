"""Cost per call out of the band that is usual at this hour, and what moved it.

Cost at standard: it moves with prices and handling and not with how many calls share the fixed cost. The last hour is
compared with the same hours of past days; see deploy/rules/recording/expected.py for the band.
"""

from deploy.rules.deployment import Deployment
from deploy.rules.rule import Alert
from deploy.rules.texts import PER_CALL, amount, listed, looked_up

#: Fewer calls in the hour say nothing: one long one would page.
LEAST_CALLS = 30
#: Of what is expected. The price part hardly scatters (its standard deviation is 1 % at 60 calls an hour, that of
#: handle time 10 to 20 %), so it is believed long before the whole leaves its band: a carrier's new price, a wrong
#: deck, fraud.
PRICE_PAGES, PRICE_TELLS = "0.25", "0.1"
#: As many segments are named in a page, the dearest first.
MOST_SEGMENTS = 3


def cost_alerts(to: Deployment) -> tuple[Alert, ...]:
    """Of directions up (somebody is woken) and down, of their prices, and of segments up."""
    return (_spike(to), _drop(to), _price(to), _segment(to))


def _spike(to: Deployment) -> Alert:
    return Alert(
        name="CallcostCostPerCallSpike",
        severity="critical",
        area="cost",
        about="cost_per_call",
        expr=f"""
            (
              {_HOURLY.format(money=to.money)}
                > on (job, direction) job_direction:callcost_expected_cost_per_call_{to.money}:upper
              or
              {_HOURLY.format(money=to.money)}
                > on (job, direction) job_direction:callcost_expected_cost_per_call_{to.money}:ratio
                and on (job, direction) job_direction:callcost_price_moved:ratio > {PRICE_PAGES}
            )
            and on (job, direction) job_window_direction:callcost_calls:sum{{window="1h"}} >= {LEAST_CALLS}
            """,
        lasting="10m",
        keep="10m",
        summary=f"""
            {{{{ $labels.direction }}}} calls cost {_cost(to)} each, usual is {_expected(to)}:
            {_over(to)} more in the last hour""",
        description=f"""
            {_calls()} {{{{ $labels.direction }}}} calls of the last hour cost {_cost(to)} each at standard;
            at this hour {_expected(to)} ± {_band(to)} is usual. At this volume that is {_over(to)} an hour too much.
            What moved, {to.code} a call: {_moved(to, "sort_desc")}. Where: {_where(to, "topk", "> 0")}.""",
        panel="moved",
        variables=("job", "direction"),
    )


def _drop(to: Deployment) -> Alert:
    return Alert(
        name="CallcostCostPerCallDrop",
        severity="warning",
        area="cost",
        about="cost_per_call_drop",
        expr=_outside(to, "job_direction", "job, direction", "job_window_direction", "<", "lower"),
        lasting="30m",
        keep="15m",
        summary=f"""
            {{{{ $labels.direction }}}} calls cost only {_cost(to)} each, usual is {_expected(to)}:
            is a price missing?""",
        description=f"""
            {_calls()} {{{{ $labels.direction }}}} calls of the last hour cost {_cost(to)} each at standard;
            at this hour {_expected(to)} ± {_band(to)} is usual. A price that is missing or wrong makes cost fall:
            do not take it for good news before it is explained. At this volume it is {_over(to)} an hour.
            What moved, {to.code} a call: {_moved(to, "sort")}. Where: {_where(to, "bottomk", "< 0")}.""",
        panel="moved",
        variables=("job", "direction"),
    )


def _price(to: Deployment) -> Alert:
    return Alert(
        name="CallcostPriceMoved",
        severity="warning",
        area="cost",
        about="cost_per_call",
        expr=f"""
            (
              job_direction:callcost_price_moved:ratio > {PRICE_TELLS}
              or job_direction:callcost_price_moved:ratio < -{PRICE_TELLS}
            )
            and on (job, direction) job_window_direction:callcost_calls:sum{{window="1h"}} >= {LEAST_CALLS}
            """,
        lasting="15m",
        keep="15m",
        summary="""
            Prices alone make {{ $labels.direction }} calls {{ if gt $value 0.0 }}{{ $value | humanizePercentage }}
            dearer{{ else }}{{ $value | humanizePercentage | reReplaceAll `^-` `` }} cheaper{{ end }} than usual""",
        description=f"""
            At this hour {_expected(to)} a call is usual. What moved, {to.code} a call: {_moved(to, "sort_desc")}.
            A new version of the rate table, a carrier's price, dearer prefixes, or a mistake in a deck.
            Where: {_where(to, "topk", "> 0")}.""",
        panel="moved",
        variables=("job", "direction"),
    )


#: What a call of each direction cost in the last hour.
_HOURLY = 'job_window_direction:callcost_cost_per_call_{money}:ratio{{window="1h"}}'


def _segment(to: Deployment) -> Alert:
    labels = f"job, {to.segment}"
    matchers = ", ".join(f"{name}=${name}" for name in ("job", *to.dimensions))
    expected = f"job_segment:callcost_expected_cost_per_call_{to.money}"
    over = looked_up(f"job_segment:callcost_cost_over_expected_{to.money}:1h{{{matchers}}}", amount(to.code))
    usual = looked_up(f"{expected}:ratio{{{matchers}}}", amount(to.code, PER_CALL))
    band = looked_up(f"{expected}:band{{{matchers}}}", amount(to.code, PER_CALL))
    calls = looked_up(f'job_window_segment:callcost_calls:sum{{window="1h", {matchers}}}', "printf `%.0f`")
    name = " / ".join(f"{{{{ $labels.{one} }}}}" for one in to.dimensions)
    return Alert(
        name="CallcostSegmentCostPerCallHigh",
        severity="warning",
        area="cost",
        about="cost_per_call",
        expr=_outside(to, "job_segment", labels, "job_window_segment", ">", "upper"),
        lasting="15m",
        keep="15m",
        summary=f"{name}: calls cost {_cost(to)} each, usual is {usual}: {over} more in the last hour",
        description=f"""
            {calls} calls of {name} in the last hour cost {_cost(to)} each at standard; at this hour {usual} ± {band}
            is usual. At this volume that is {over} an hour too much. /api/why?window=1h&against=baseline splits it by
            component.""",
        panel="segment_trend",
        variables=("job", *to.dimensions),
    )


def _outside(to: Deployment, level: str, labels: str, hourly: str, side: str, edge: str) -> str:
    return f"""
        {hourly}:callcost_cost_per_call_{to.money}:ratio{{window="1h"}}
          {side} on ({labels}) {level}:callcost_expected_cost_per_call_{to.money}:{edge}
          and on ({labels}) {hourly}:callcost_calls:sum{{window="1h"}} >= {LEAST_CALLS}
        """


def _cost(to: Deployment) -> str:
    return "{{ $value | " + amount(to.code, PER_CALL) + " }}"


def _of_direction(to: Deployment, name: str, digits: str) -> str:
    return looked_up(f"job_direction:callcost_{name}{{job=$job, direction=$direction}}", amount(to.code, digits))


def _expected(to: Deployment) -> str:
    return _of_direction(to, f"expected_cost_per_call_{to.money}:ratio", PER_CALL)


def _band(to: Deployment) -> str:
    return _of_direction(to, f"expected_cost_per_call_{to.money}:band", PER_CALL)


def _over(to: Deployment) -> str:
    return _of_direction(to, f"cost_over_expected_{to.money}:1h", "%.2f")


def _calls() -> str:
    labels = 'window="1h", job=$job, direction=$direction'
    return looked_up(f"job_window_direction:callcost_calls:sum{{{labels}}}", "printf `%.0f`")


def _moved(to: Deployment, order: str) -> str:
    return listed(
        f"{order}(max by (effect) (callcost_moved_{to.money}{{job=$job, direction=$direction}}))",
        "{{ reReplaceAll `_` ` ` $one.Labels.effect }} {{ $one.Value | printf `%+.4f` }}",
        "the split is not there, see /api/why",
    )


def _where(to: Deployment, choose: str, side: str) -> str:
    """Segments with the largest part of it. Without further dimensions a direction is its only segment."""
    names = to.dimensions[1:] or to.dimensions
    over = f"job_segment:callcost_cost_over_expected_{to.money}:1h{{job=$job, direction=$direction}}"
    return listed(
        f"{choose}({MOST_SEGMENTS}, {over} {side})",
        " / ".join(f"{{{{ $one.Labels.{name} }}}}" for name in names)
        + " {{ $one.Value | " + amount(to.code, "%+.2f") + " }} an hour",
        "no segment by itself",
    )  # fmt: skip
