"""Paced like a camera: what a network costs that runs alone between pauses, beside the same back to back.

    .venv/bin/python bench/paced.py [--networks NAME[@HxW] …] [--engines NAME …] [--rate 30] [--deadline 33]
                                    [--seconds 25] [--back-to-back 10] [--threads 2] [--rounds 1] [--keep-plans]
                                    [--out JSON]

In each round every engine is measured back to back and then paced, in a process of its own each. Times are from
arrival to result; each figure is the smallest of the rounds', missed deadlines are the sum of all. `p50 ratio` is
paced over back to back; `CPU ratio` is processor time a frame, all threads, paced over back to back: 1 is a pause that
costs nothing, and threads that spin through it show. `p99/p50` is the jitter back to back.
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

DEFAULT = ["mobilenet_v2", "shufflenet_v2", "squeezenet1_1", "resnet18", "alexnet"]
ENGINES = ["stretto", "onnxruntime", "onnxruntime-nospin", "openvino"]


def compare(name, a):
    subject = subjects.Subject(name)
    for ours in [e for e in a.engines if e in engines.OURS]:
        subject.build_plan(ours, a.threads, keep=a.keep_plans)
    with tempfile.TemporaryDirectory() as folder:
        errors, left_out = subject.errors(a.engines, a.threads, pathlib.Path(folder))
    able = [e for e in a.engines if e not in left_out]
    jobs = {"flat": {"do": "time", "seconds": a.back_to_back},
            "paced": {"do": "time", "seconds": a.seconds, "rate": a.rate, "deadline_ms": a.deadline}}
    return {"error": errors, "left_out": left_out, "rounds": measure.rounds(able, subject, a.threads, a.rounds, jobs)}


def row(network, engine, rounds):
    flat = {f: measure.smallest(rounds, "flat", f) for f in ("p50", "p99", "cpu_ms")}
    paced = {f: measure.smallest(rounds, "paced", f) for f in ("p50", "p99", "cpu_ms")}
    jitter = min(r["flat"]["p99"] / r["flat"]["p50"] for r in rounds)
    return [network, engine, flat["p50"], jitter, paced["p50"], paced["p99"], paced["p50"] / flat["p50"],
            flat["cpu_ms"], paced["cpu_ms"], paced["cpu_ms"] / flat["cpu_ms"],
            sum(r["paced"]["missed"] for r in rounds)]


def table(results):
    rows = [["network", "engine", "p50 ms", "p99/p50", "paced p50 ms", "paced p99 ms", "p50 ratio", "CPU ms a frame",
             "paced CPU ms", "CPU ratio", "missed"]]
    for network, result in results.items():
        rows += [row(network, engine, rounds) for engine, rounds in result["rounds"].items()]
    return measure.table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", type=subjects.network_name, default=DEFAULT, metavar="NAME[@HxW]")
    parser.add_argument("--engines", nargs="+", choices=[*engines.OURS, *engines.PEERS], default=ENGINES)
    parser.add_argument("--rate", type=float, default=30, help="frames a second")
    parser.add_argument("--deadline", type=float, default=33, help="ms from arrival to result")
    parser.add_argument("--seconds", type=float, default=25, help="paced, for each engine in each round")
    parser.add_argument("--back-to-back", type=float, default=10, help="seconds, for each engine in each round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep-plans", action="store_true", help="use plans of an earlier run")
    parser.add_argument("--out", type=pathlib.Path, help="every round, as JSON")
    a = parser.parse_args()
    a.engines, results = measure.present(a.engines), {}
    here = f"{measure.machine(a.engines)}; {datetime.date.today().isoformat()}"
    print(f"{here}\n{a.rate:g} frames a second, deadline {a.deadline:g} ms, {a.threads} threads", flush=True)
    for network in a.networks:
        results[network] = compare(network, a)
        if a.out:
            a.out.write_text(json.dumps({"machine": here, "threads": a.threads, "rate": a.rate,
                                         "deadline_ms": a.deadline, "results": results}, indent=1))
    print(table(results))


if __name__ == "__main__":
    try:
        main()
    except engines.Failed as failure:
        sys.exit(str(failure))
