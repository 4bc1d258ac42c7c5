"""From when on a figure of money is well, wants to be looked at, or to be acted on.

Owns bounds that several dashboards judge by, and their words: at most seven letters, so that three values fit side by
side on a wall. Bounds of the machinery are in `pipeline`.
"""

from grafana.colours import ACT, LOOK, WELL, Level

#: The cost per call against the usual: a tenth is noticed, a quarter costs; far below, a price may be missing.
COST = (Level("LOW", LOOK), Level("USUAL", WELL, -0.25), Level("HIGH", LOOK, 0.1), Level("EXTREME", ACT, 0.25))
#: All in, against 30 days. It is low where many call, which is good.
ABSORBED = (Level("USUAL", WELL), Level("HIGH", LOOK, 0.1), Level("EXTREME", ACT, 0.25))
#: The part of calls that was abandoned: contact centres commonly aim at less than 5 %.
ABANDONED = (Level("FEW", WELL), Level("SOME", LOOK, 0.05), Level("MANY", ACT, 0.1))
#: More idle than in 30 days, in points; and the idle part itself.
MORE_IDLE = (Level("USUAL", WELL), Level("HIGH", LOOK, 0.05), Level("EXTREME", ACT, 0.15))
IDLE = (Level("USED", WELL), Level("MUCH", LOOK, 0.4), Level("MOST", ACT, 0.6))
#: What a budget will have come to by the end of its period, as a part of it.
BUDGET = (Level("WITHIN", WELL), Level("TIGHT", LOOK, 0.95), Level("OVER", ACT, 1.0))
#: How fast it is spent: as the alerts, 1.2 in 24 h and 7 d is a ticket, 2 in 8 h and 24 h a page.
BURN = (Level("steady", WELL), Level("ticket", LOOK, 1.2), Level("page", ACT, 2.0))
#: A difference in money.
CHANGE = (Level("cheaper", WELL), Level("dearer", LOOK, 0))
