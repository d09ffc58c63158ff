"""Our plans beside other engines: the thesis's networks, the same inputs, the same machine, one run.

    .venv/bin/python bench/peers.py [--networks NAME[@HxW] …] [--engines NAME …] [--threads 2] [--rounds 5]
                                    [--seconds 2] [--batch 1] [--isa avx2] [--out JSON]

For each network the answers are compared first. Then every engine is timed in rounds, one after the other, each in a
process of its own. The figure is the smallest of the rounds' medians, in milliseconds; a ratio below 1 means that ours
is faster, `ours / best` is against the best peer that ran, `fp16 / fp32` our plan with `--precision fp16` against the
one without. A peer that is not installed, cannot convert or run a network, or is off, is named and left out of its
row. With --isa avx2 those that cannot be held to it are left out. Plans are built afresh unless --keep-plans is given.
"""
import argparse
import datetime
import json
import math
import os
import pathlib
import sys
import tempfile

import engines
import measure
import subjects
from subjects import networks

DEFAULT = [*networks.NETWORKS, "unet@256x512"]
NOT_HELD_TO_AVX2 = ("onnxruntime", "ncnn", "MNN")


def compare(name, a):
    """One network: plan, agreement, rounds."""
    subject = subjects.Subject(name, a.batch)
    for ours in [e for e in a.engines if e in engines.OURS]:
        subject.build_plan(ours, a.threads, a.isa, a.keep_plans)
    with tempfile.TemporaryDirectory() as folder:
        errors, left_out = subject.errors(a.engines, a.threads, pathlib.Path(folder))
    able = [e for e in a.engines if e not in left_out]
    times = measure.rounds(able, subject, a.threads, a.rounds, {"flat": {"do": "time", "seconds": a.seconds}})
    return {"build_s": subject.build_s, "error": errors, "left_out": left_out,
            "rounds_ms": {e: [r["flat"]["p50"] for r in rounds] for e, rounds in times.items()}}


def geometric_mean(values):
    values = [v for v in values if v is not None]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def ratio(a, b):
    return a / b if a is not None and b is not None else None


def table(results, names):
    """ms for each engine, then ours over each peer and over the best of them, and our fp16 over our fp32."""
    peers = [e for e in names if e not in engines.OURS]
    versus = [*peers, "best"] if "stretto" in names and peers else []
    both = all(e in names for e in engines.OURS)
    head = ["network", *(f"{e} ms" for e in names), *(f"ours / {p}" for p in versus)]
    rows = [head + (["fp16 / fp32"] if both else [])]
    ratios = []
    for network, result in results.items():
        ms = {e: min(times) for e, times in result["rounds_ms"].items()}
        ms["best"] = min((ms[p] for p in peers if p in ms), default=None)
        relative = [ratio(ms.get("stretto"), ms.get(p)) for p in versus]
        relative += [ratio(ms["stretto-fp16"], ms["stretto"])] if both else []
        ratios.append(relative)
        rows.append([network, *(ms.get(e) for e in names), *relative])
    if len(ratios) > 1:
        rows.append(["geometric mean", *[""] * len(names), *(geometric_mean(c) for c in zip(*ratios))])
    return measure.table(rows)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = [*engines.OURS, *(e for e in engines.PEERS if not e.endswith("-nospin"))]
    parser.add_argument("--networks", nargs="+", type=subjects.network_name, default=DEFAULT, metavar="NAME[@HxW]")
    parser.add_argument("--engines", nargs="+", choices=[*engines.OURS, *engines.PEERS], default=usual)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of timing, for each engine in each round")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--isa", choices=["avx2"], help="hold every engine to it that can be held")
    parser.add_argument("--keep-plans", action="store_true", help="use plans of an earlier run")
    parser.add_argument("--out", type=pathlib.Path, help="every round, as JSON")
    return parser.parse_args()


def main():
    a = parse_arguments()
    a.engines = measure.present(a.engines)
    if a.isa:
        os.environ["ONEDNN_MAX_CPU_ISA"], os.environ["ATEN_CPU_CAPABILITY"] = a.isa.upper(), a.isa
        a.engines = [e for e in a.engines if e not in NOT_HELD_TO_AVX2]
    here, results = f"{measure.machine(a.engines)}; {datetime.date.today().isoformat()}", {}
    print(here)
    held = f", {a.isa}" if a.isa else ""
    print(f"batch {a.batch}, {a.threads} threads{held}; smallest of {a.rounds} rounds' medians", flush=True)
    for network in a.networks:
        results[network] = result = compare(network, a)
        line = ", ".join(f"{e} {min(t):.2f} ms" for e, t in result["rounds_ms"].items())
        print(f"{network}: {line}", file=sys.stderr, flush=True)
        if a.out:
            a.out.write_text(json.dumps({"machine": here, "threads": a.threads, "batch": a.batch, "isa": a.isa,
                                         "results": results}, indent=1))
    print(table(results, a.engines))


if __name__ == "__main__":
    try:
        main()
    except engines.Failed as failure:
        sys.exit(str(failure))
