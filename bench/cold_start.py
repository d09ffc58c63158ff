"""Cold start: from opening the file to the first result in a fresh process, and the memory that takes.

    .venv/bin/python bench/cold_start.py [--networks NAME[@HxW] …] [--engines NAME …] [--threads 2] [--rounds 5]
                                         [--keep-plans] [--out JSON]

A process a measurement, engines in turn; the time is the smallest of the rounds', memory the largest. Files are in the
page cache. A peer's clock starts when its package has been imported and its model converted. Peak is of the whole
process; a peer's holds Python too, so `grown` (peak less what was there before the file was opened) is the fairer
figure for it. For ours `over` is the peak beyond weights and activations.
"""
import argparse
import datetime
import json
import pathlib
import sys
import tempfile

import engines
import measure
import subjects

MIB = 1 << 20


def compare(name, a):
    subject = subjects.Subject(name)
    for ours in [e for e in a.engines if e in engines.OURS]:
        subject.build_plan(ours, a.threads, keep=a.keep_plans)
    with tempfile.TemporaryDirectory() as folder:
        _, left_out = subject.errors(a.engines, a.threads, pathlib.Path(folder))
    able = [e for e in a.engines if e not in left_out]
    starts = measure.rounds(able, subject, a.threads, a.rounds, {"start": {"do": "start"}})
    return {"left_out": left_out, "rounds": starts}


def row(network, engine, rounds):
    starts = [r["start"] for r in rounds]
    peak = max(s["peak"] for s in starts)
    grown = max(s["grown"] for s in starts) / MIB if "grown" in starts[0] else None
    over = (peak - starts[0]["needed"]) / MIB if "needed" in starts[0] else None
    return [network, engine, min(s["first_ms"] for s in starts), peak / MIB, grown, over]


def table(results):
    rows = [["network", "engine", "first result ms", "peak MiB", "grown MiB", "over MiB"]]
    for network, result in results.items():
        rows += [row(network, engine, rounds) for engine, rounds in result["rounds"].items()]
    return measure.table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = [e for e in engines.USUAL["fp32"] if e != "stretto-fp16"]
    parser.add_argument("--networks", nargs="+", type=subjects.network_name, default=["mobilenet_v2"],
                        metavar="NAME[@HxW]")
    parser.add_argument("--engines", nargs="+", choices=[*engines.OURS, *engines.PEERS], default=usual)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep-plans", action="store_true", help="use plans of an earlier run")
    parser.add_argument("--out", type=pathlib.Path, help="every round, as JSON")
    a = parser.parse_args()
    a.engines, results = measure.present(a.engines), {}
    here = f"{measure.machine(a.engines)}; {datetime.date.today().isoformat()}"
    print(here, flush=True)
    for network in a.networks:
        results[network] = compare(network, a)
        if a.out:
            a.out.write_text(json.dumps({"machine": here, "threads": a.threads, "results": results}, indent=1))
    print(table(results))


if __name__ == "__main__":
    try:
        main()
    except engines.Failed as failure:
        sys.exit(str(failure))
