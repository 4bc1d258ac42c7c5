"""Who works when: the turns of the shifts, and which agent takes a call.

Owns that nobody is on two calls at once. Knows no call but from when until when it keeps an agent busy.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from consumer.core.instants import from_ms, to_ms
from consumer.simulator.centre import Centre, Shift


@dataclass(frozen=True, slots=True)
class Turn:
    """One shift of one day."""

    start_ms: int
    end_ms: int
    shift: Shift
    agents: int  # on the roster


def turns(centre: Centre, instant_ms: int) -> Iterator[Turn]:
    """The turn that holds the instant, and those after it without end."""
    for turn in _turns_from(centre, from_ms(instant_ms).astimezone(ZoneInfo(centre.zone)).date() - timedelta(days=1)):
        if turn.end_ms > instant_ms:
            yield turn


def _turns_from(centre: Centre, day: date) -> Iterator[Turn]:
    zone = ZoneInfo(centre.zone)
    start, shift = _begins(day, centre.shifts[0], zone), centre.shifts[0]
    while True:
        weekday = day.weekday()
        for following in centre.shifts[1:]:
            end = _begins(day, following, zone)
            yield _turn(start, end, shift, weekday)
            start, shift = end, following
        day += timedelta(days=1)
        end = _begins(day, centre.shifts[0], zone)
        yield _turn(start, end, shift, weekday)
        start, shift = end, centre.shifts[0]


def _turn(start_ms: int, end_ms: int, shift: Shift, weekday: int) -> Turn:
    return Turn(start_ms, end_ms, shift, shift.weekend_agents if weekday in shift.weekend_days else shift.agents)


def _begins(day: date, shift: Shift, zone: ZoneInfo) -> int:
    return to_ms(datetime(day.year, day.month, day.day, shift.begins_hour, tzinfo=zone))


class Agents:
    """The agents of a turn. The one who has been free for longest takes the next call.

    When nobody is free somebody who was not planned takes it: how long callers wait is the queue's business.
    """

    def __init__(self, present: int, since_ms: int) -> None:
        self._free = [(since_ms, number) for number in range(1, present + 1)]  # when each will be free: a heap
        self._known = present

    def take(self, from_ms_: int, until_ms: int) -> int:
        """The number of an agent who is free from an instant on, and will be again at another."""
        if self._free and self._free[0][0] <= from_ms_:
            number = self._free[0][1]
            heapq.heapreplace(self._free, (until_ms, number))
            return number
        self._known += 1
        heapq.heappush(self._free, (until_ms, self._known))
        return self._known
