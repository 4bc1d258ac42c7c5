"""Why standard cost per call moved between two stretches of time: the exact split into price, handle time and mix.

A difference of two averages, S1/N1 − S0/N0, over segments s with shares w of the calls and cost per call c:

    Δ = Σ (w1 − w0) · (mean of c0, c1) + Σ (mean of w0, w1) · (c1 − c0)           Kitagawa 1955: mix, and what is within

and within a segment over items of u units a call at the price r:

    c1 − c0 = Σ (mean of u0, u1) · (r1 − r0) + Σ (mean of r0, r1) · (u1 − u0)      Bennet 1920: price, and quantity

Both are symmetric and leave nothing over. u is what the segment's calls have of the item's driver, whoever serves them
(see `usage`), so r is the item's cost for that: where one pool takes over from another, one price falls and the other
rises. Quantities of time are handle time, those of calls (answered, unanswered, contacts) are mix. A segment that is
new or gone has only mix: its cost per call counts as what it is where it exists. Mix is told against the mean of all
calls, so that a segment dearer than the others that grows adds to the cost.

Every part is an exact fraction of nano-units; they are floored, and what is left goes to the largest remainders, so
that the parts add up to the change of the cost per call as it is shown (half-up to the nano).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from consumer.core.money import divide_half_up
from consumer.core.reading import Segment
from consumer.core.usage import Item, Usage

Effect = Literal["price", "handle_time", "mix"]
EFFECTS: tuple[Effect, ...] = ("price", "handle_time", "mix")

_REMAINDER_BITS = 64


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the change: what moved, where, and by how many nano-units of cost per call of the whole."""

    segment: Segment
    component: str  # "" for mix between segments
    name: str  # of the pool
    effect: Effect
    nano: int


@dataclass(frozen=True, slots=True)
class Split:
    """The change of standard cost per call, and its parts, which add up to it. None without calls on both sides."""

    before_nano: int | None
    after_nano: int | None
    parts: tuple[Part, ...]

    @property
    def change_nano(self) -> int | None:
        """After − before."""
        return None if self.before_nano is None or self.after_nano is None else self.after_nano - self.before_nano

    def by(self, key: Callable[[Part], Segment]) -> dict[Segment, dict[Effect, int]]:
        """The parts summed by some of what they say, each by effect."""
        summed: dict[Segment, dict[Effect, int]] = defaultdict(lambda: dict.fromkeys(EFFECTS, 0))
        for part in self.parts:
            summed[key(part)][part.effect] += part.nano
        return dict(summed)

    @property
    def effects(self) -> dict[Effect, int]:
        """Price, handle time and mix."""
        return self.by(lambda _: ()).get((), dict.fromkeys(EFFECTS, 0))


class _Share(NamedTuple):
    """A part before rounding: numerator ÷ denominator nano-units."""

    segment: Segment
    item: Item | None
    effect: Effect
    numerator: int
    denominator: int


def split(before: Mapping[Segment, Usage], after: Mapping[Segment, Usage]) -> Split:
    """Why the cost per call of all these segments together moved."""
    calls = _Calls(sum(one.calls for one in before.values()), sum(one.calls for one in after.values()))
    costs = sum(one.cost_nano for one in before.values()), sum(one.cost_nano for one in after.values())
    per_call = [divide_half_up(cost, number) if number else None for cost, number in zip(costs, calls, strict=True)]
    if per_call[0] is None or per_call[1] is None:
        return Split(per_call[0], per_call[1], ())
    shares = list(_between(before, after, calls, costs))
    for segment in sorted(before.keys() & after.keys()):
        shares += _within(segment, before[segment], after[segment], calls)
    return Split(per_call[0], per_call[1], _rounded(shares, per_call[1] - per_call[0]))


class _Calls(NamedTuple):
    before: int
    after: int


def _between(
    before: Mapping[Segment, Usage], after: Mapping[Segment, Usage], calls: _Calls, costs: tuple[int, int]
) -> Iterator[_Share]:
    """(w1 − w0) · ((c0 + c1)/2 − (C0 + C1)/2), where C is the cost per call of the whole."""
    both = calls.before * calls.after
    whole = costs[0] * calls.after + costs[1] * calls.before  # of C0 + C1, over `both`
    for segment in sorted(before.keys() | after.keys()):
        old, new = before.get(segment), after.get(segment)
        grown = (new.calls if new else 0) * calls.before - (old.calls if old else 0) * calls.after  # over `both`
        first, last = old or new, new or old
        if not grown or first is None or last is None:
            continue
        own_calls = first.calls * last.calls
        own = first.cost_nano * last.calls + last.cost_nano * first.calls  # of c0 + c1, over own_calls
        dearer = own * both - whole * own_calls
        yield _Share(segment, None, "mix", grown * dearer, 2 * both * both * own_calls)


def _within(segment: Segment, old: Usage, new: Usage, calls: _Calls) -> Iterator[_Share]:
    """What moved in a segment that has calls on both sides, times the mean of its two shares of the calls."""
    weight = old.calls * calls.after + new.calls * calls.before  # of w0 + w1, over calls.before · calls.after
    own_calls, over = old.calls * new.calls, 2 * calls.before * calls.after
    for item in sorted(old.costs_nano.keys() | new.costs_nano.keys()):
        was, now = old.costs_nano.get(item, 0), new.costs_nano.get(item, 0)
        had, has = old.units[item.driver], new.units[item.driver]
        quantity: Effect = "handle_time" if item.is_by_time else "mix"
        if had > 0 and has > 0:
            over_all = 2 * over * own_calls * had * has
            per_call = had * new.calls + has * old.calls  # of u0 + u1, over own_calls
            prices = was * has + now * had  # of r0 + r1, over the units' product
            dearer, longer = now * had - was * has, has * old.calls - had * new.calls
            yield _Share(segment, item, "price", weight * per_call * dearer, over_all)
            yield _Share(segment, item, quantity, weight * prices * longer, over_all)
        else:  # money for nothing that is counted, such as attempt fees, can only be a price
            is_price = (had <= 0 and was != 0) or (has <= 0 and now != 0)
            change = now * old.calls - was * new.calls
            yield _Share(segment, item, "price" if is_price else quantity, weight * change, over * own_calls)


def _rounded(shares: Sequence[_Share], change_nano: int) -> tuple[Part, ...]:
    """Whole nano-units that add up to the change."""
    found = [divmod(share.numerator, share.denominator) for share in shares]
    nano = [floor for floor, _ in found]
    left = change_nano - sum(nano)
    remainders = [
        (rest << _REMAINDER_BITS) // share.denominator for (_, rest), share in zip(found, shares, strict=True)
    ]
    order = sorted(range(len(shares)), key=remainders.__getitem__, reverse=left > 0)
    for number in range(abs(left)):
        nano[order[number % len(order)]] += 1 if left > 0 else -1
    return tuple(
        Part(share.segment, share.item.component if share.item else "", share.item.name if share.item else "",
             share.effect, amount)
        for share, amount in zip(shares, nano, strict=True)
        if amount
    )  # fmt: skip
