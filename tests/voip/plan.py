#!/usr/bin/env python3
"""Writes the calls to make: one CSV for sipp (-inf) and scenario. The same seed gives the same calls.

Columns: from user; to user; talk ms; ring ms. The third character of a +30 number, or of an extension, is the
route digit that kamailio.cfg maps to a callee port.
"""

import argparse
import pathlib
import random

ROUTES = {
    "answered": 0,
    "callee_bye": 1,
    "busy": 2,
    "cancel": 3,
    "notfound": 4,
    "noanswer": 5,
    "retrans": 6,
    "nobye": 7,
}


def numbers(rng, route):
    """60 % outbound (extension to the world), 30 % inbound, 10 % between extensions."""
    extension, inner = f"1{rng.randrange(100, 1000)}", f"20{route}{rng.randrange(10)}"
    world, outside = f"+30{route}{rng.randrange(10**8):08d}", f"+4420{rng.randrange(10**7):07d}"
    return rng.choices([(extension, world), (outside, inner), (extension, inner)], [60, 30, 10])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mix", required=True, help="answered:60,busy:10,... : numbers of calls")
    parser.add_argument("--talk-ms", default="1000-8000")
    parser.add_argument("--ring-ms", default="100-1500")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    low_talk, high_talk = map(int, options.talk_ms.split("-"))
    low_ring, high_ring = map(int, options.ring_ms.split("-"))
    for part in options.mix.split(","):
        scenario, count = part.split(":")
        rng = random.Random(f"{options.seed}/{scenario}")  # noqa: S311
        rows = ["SEQUENTIAL"]
        for _ in range(int(count)):
            caller, callee = numbers(rng, ROUTES[scenario])
            rows.append(f"{caller};{callee};{rng.randint(low_talk, high_talk)};{rng.randint(low_ring, high_ring)}")
        (options.out / f"{scenario}.csv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
