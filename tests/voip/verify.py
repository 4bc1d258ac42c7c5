#!/usr/bin/env python3
"""Compares what sipp did with what arrived: call by call, and against sipp's own statistics.

Truth: uac.*.log (one line at INVITE, ANSWER, END or FINAL with sipp's millisecond clock) and uac.*.stat.csv.
Arrived: a JSONL file with one record a line (bare, or as sink.py's {"record": ...}), or the acknowledged part of the
outbox. Exit 0: every call has exactly the record it should have (copies of one record are counted, and allowed unless
--no-duplicates).
"""

import argparse
import collections
import csv
import json
import pathlib
import sqlite3
import sys

FAILED = {"busy": "486", "notfound": "404", "noanswer": "408", "cancel": "487"}
ENDED_BY = {"callee_bye": "callee", "nobye": "timeout", "busy": "callee", "notfound": "callee", "noanswer": "timeout"}


def sipp_calls(run_dir, mix):
    """call id -> what sipp saw; ticks are ms since that sipp began."""
    calls = {}
    for scenario in mix:
        for line in (run_dir / f"uac.{scenario}.log").read_text(errors="replace").splitlines():
            kind, call_id, tick, stamp, *rest = line.split(";")
            call = calls.setdefault(call_id, {"scenario": scenario})
            call.setdefault(kind, int(tick))
            call.setdefault(kind + "_epoch", float(stamp.split("\t")[-1]))
            if kind == "INVITE":
                call["from"], call["to"] = rest[:2]
    return calls


def sipp_statistics(run_dir, mix):
    """scenario -> last line of sipp's own statistics (cumulative columns)."""
    found = {}
    for scenario in mix:
        with (run_dir / f"uac.{scenario}.stat.csv").open() as file:
            *_, last = csv.DictReader(file, delimiter=";")
        found[scenario] = {
            "created": int(last["TotalCallCreated"]),
            "successful": int(last["SuccessfulCall(C)"]),
            "failed": int(last["FailedCall(C)"]),
            "retransmissions": int(last["Retransmissions(C)"]),
        }
    return found


def arrived(options):
    if options.own_sink or options.records:
        lines = (options.records or options.run_dir / "received.jsonl").read_text().splitlines()
        return [r.get("record", r) for r in map(json.loads, filter(None, lines))]
    with sqlite3.connect(f"file:{options.run_dir}/sent.sqlite?mode=ro", uri=True) as sent:
        last = sent.execute("select last from cursor").fetchone()[0]
        refused = {row[0] for row in sent.execute("select id from refused")}
    with sqlite3.connect(f"file:{options.run_dir}/outbox.sqlite?mode=ro", uri=True) as outbox:
        rows = outbox.execute("select id, body from outbox where id <= ? order by id", (last,)).fetchall()
    return [json.loads(body) for number, body in rows if number not in refused]


def talk_ms(record):
    """BYE minus 200 as the proxy saw them; 0 when never answered."""
    if not record["answer_time"]:
        return 0
    return round((float(record["hangup_time"]) - float(record["answer_time"])) * 1000)


def wrong(call, record, max_call_s):
    """What of the record contradicts the caller's own account, and by how many ms the talk time differs."""
    scenario = call["scenario"]
    expected = {
        "from_user": call["from"],
        "to_user": call["to"],
        "sip_code": FAILED.get(scenario, "200"),
        "ended_by": ENDED_BY.get(scenario, "caller"),
    }
    problems = [f"{key} {record[key]!r}, not {value!r}" for key, value in expected.items() if record[key] != value]
    if scenario in FAILED:
        if record["answer_time"] or float(record["duration"]) != 0:
            problems.append("a failed call has an answer or a duration")
        return problems, None
    if scenario != "nobye" and not {"ANSWER", "END"} <= call.keys():
        return [*problems, "sipp saw no answer or no end (the caller gave up: see uac.*.err)"], None
    length_ms = max_call_s * 1000 if scenario == "nobye" else call["END"] - call["ANSWER"]
    return problems, talk_ms(record) - length_ms


def compare(calls, by_call, options):
    """What is wrong with the calls' records, and how far their talk times are off, by scenario."""
    problems, off = [], collections.defaultdict(list)
    for call_id, call in calls.items():
        for record in by_call.get(call_id, [])[:1]:
            found, difference = wrong(call, record, options.max_call_s)
            problems += [f"{call_id} ({call['scenario']}): {text}" for text in found]
            if difference is not None:
                off[call["scenario"]].append(difference)
    with_bye = [abs(x) for name, values in off.items() if name != "nobye" for x in values]
    if max(percentile(with_bye, 0.5), percentile(with_bye, 0.99)) > options.tolerance_ms:
        problems.append(f"talk times differ by more than {options.tolerance_ms} ms")
    if [x for x in off["nobye"] if not -1000 <= x <= 1100]:  # the dialog timer ticks once a second
        problems.append(f"expired dialogs lasted not {options.max_call_s} s: {off['nobye'][:5]} ms off")
    return problems, off


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0


def completeness(calls, by_call, statistics, expected):
    """Calls without their record, records without their call, and calls that sipp could not make."""
    missing = [c for c in calls if c not in by_call]
    unknown = [c for c in by_call if c not in calls]
    twice = [c for c, found in by_call.items() if len({r["cdr_id"] for r in found}) > 1]
    found = (("missing", missing), ("unknown", unknown), ("two records", twice))
    problems = [f"{label}: {len(what)}, as {what[:3]}" for label, what in found if what]
    made, bad = (sum(s[name] for s in statistics.values()) for name in ("created", "failed"))
    if made != expected or bad:
        problems.append(f"sipp: {made} calls made of {expected}, {bad} not as planned (see uac.*.err)")
    return problems


def print_scenarios(mix, statistics, calls, by_call, off):
    columns = f"{'scenario':<11} {'planned':>7} {'sipp ok':>7} {'sipp bad':>8} {'resent':>6} {'records':>7}"
    print(f"{columns}  talk: record minus sipp, ms (median, p99, worst)")
    for name, count in mix.items():
        s, n = statistics[name], sum(1 for c in by_call if calls.get(c, {}).get("scenario") == name)
        d = [abs(x) for x in off[name]]
        print(
            f"{name:<11} {count:>7} {s['successful']:>7} {s['failed']:>8} {s['retransmissions']:>6} {n:>7}  "
            + (f"{percentile(d, 0.5)}, {percentile(d, 0.99)}, {max(d)}" if d else "-")
        )


def print_times(calls, by_call, options):
    sipp_talk = sum(c["END"] - c["ANSWER"] for c in calls.values() if "END" in c and "ANSWER" in c)
    our_talk = sum(talk_ms(found[0]) for c, found in by_call.items() if calls.get(c, {}).get("scenario") != "nobye")
    print(f"talk of the calls with a BYE: sipp {sipp_talk / 1000:.3f} s, records {our_talk / 1000:.3f} s")
    if options.began:
        last_s = max(0, options.drained - options.calls_over)
        print(
            f"calls were made for {options.calls_over - options.began:.1f} s; last record {last_s:.1f} s later at most"
        )
    killed = options.run_dir / "killed_at"
    if killed.exists():
        moment, missing = float(killed.read_text()), [call for c, call in calls.items() if c not in by_call]
        cut = sum(call["INVITE_epoch"] < moment < call.get("END_epoch", moment + 1) for call in missing)
        print(f"proxy killed: of {len(missing)} missing, {cut} were in progress then, {len(missing) - cut} were not")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run-dir", type=pathlib.Path, required=True)
    parser.add_argument("--records", type=pathlib.Path, help="JSONL to compare, if not the run's own")
    parser.add_argument("--mix", required=True)
    parser.add_argument("--delivery", default="outbox")
    parser.add_argument("--own-sink", type=int, default=1)
    parser.add_argument("--began", type=float, default=0)
    parser.add_argument("--calls-over", type=float, default=0)
    parser.add_argument("--drained", type=float, default=0)
    parser.add_argument("--max-call-s", type=float, default=8)
    parser.add_argument(
        "--tolerance-ms", type=int, default=50, help="talk of a call with a BYE, median and 99th percentile"
    )
    parser.add_argument("--no-duplicates", action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    mix = {name: int(count) for name, count in (part.split(":") for part in options.mix.split(","))}
    calls, statistics, expected = (
        sipp_calls(options.run_dir, mix),
        sipp_statistics(options.run_dir, mix),
        sum(mix.values()),
    )
    everything = arrived(options)
    records = [r for r in everything if "method" not in r]  # the others are acc's own, of transactions
    by_call = collections.defaultdict(list)
    for record in records:
        by_call[record["callid"]].append(record)

    problems, off = compare(calls, by_call, options)
    problems += completeness(calls, by_call, statistics, expected)
    print_scenarios(mix, statistics, calls, by_call, off)
    print_times(calls, by_call, options)
    for text in problems[:20]:
        print("PROBLEM", text)
    unique, firsts = len({r["cdr_id"] for r in records}), [found[0] for found in by_call.values()]
    answered, duplicates = [r for r in firsts if r["answer_time"]], len(records) - unique
    print(
        f"expected={expected} received={unique} answered={len(answered)} failed={len(firsts) - len(answered)} "
        f"total_talk_s={sum(map(talk_ms, answered)) / 1000:.3f} duplicates={duplicates} "
        f"transactions={len(everything) - len(records)} delivery={options.delivery}"
    )
    sys.exit(0 if unique == expected and not problems and not (options.no_duplicates and duplicates) else 1)


if __name__ == "__main__":
    main()
