"""Our plans beside other engines: the thesis's networks, the same inputs, the same machine, one run.

    .venv/bin/python bench/peers.py [--networks NAME[@HxW] …] [--engines NAME …] [--threads 2] [--rounds 5]
                                    [--seconds 2] [--batch 1] [--isa avx2] [--precision int8] [--out JSON]

For each network the answers are compared first. Then every engine is timed in rounds, one after the other, each in a
process of its own. The figure is the smallest of the rounds' medians, in milliseconds; a ratio below 1 means that ours
is faster, `ours / best` is against the best peer that ran, `fp16 / fp32` our plan with `--precision fp16` against the
one without. A peer that is not installed, cannot convert or run a network, or is off, is named and left out of its
row. With --isa avx2 those that cannot be held to it are left out. Plans are built afresh unless --keep-plans is given.

--precision int8: our INT8 plans, every layer integer that can be (`--types obey`), beside peers that run the Q/DQ form
which ONNX Runtime's quantisation made of the same network (weights i8 by channel, activations u8, ranges by the same
samples). Answers must have a cosine of 0.9 with FP32's, and the table says which; `int8 / fp32` is ours beside ours.
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
NOT_HELD_TO_AVX2 = ("onnxruntime", "onnxruntime-nospin", "onnxruntime-int8", "ncnn", "MNN")


def compare(name, a):
    """One network: plan, agreement, rounds."""
    subject = subjects.Subject(name, a.batch)
    for ours in [e for e in a.engines if e in engines.OURS]:
        subject.build_plan(ours, a.threads, a.isa, a.keep_plans)
    with tempfile.TemporaryDirectory() as folder:
        errors, left_out = subject.errors(a.engines, a.threads, pathlib.Path(folder))
    able = [e for e in a.engines if e not in left_out]
    times = measure.rounds(able, subject, a.threads, a.rounds, {"flat": {"do": "time", "seconds": a.seconds}})
    return {"build_s": subject.build_s, "error": errors, "cosine": subject.cosines, "left_out": left_out,
            "rounds_ms": {e: [r["flat"]["p50"] for r in rounds] for e, rounds in times.items()}}


def geometric_mean(values):
    values = [v for v in values if v is not None]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def ratio(a, b):
    return a / b if a is not None and b is not None else None


def table(results, names, precision):
    """ms for each engine, cosines of INT8, ours over each peer and the best of them, our narrower plans over FP32."""
    ours = "stretto-int8" if precision == "int8" else "stretto"
    peers = [e for e in names if e not in engines.OURS]
    judged = [e for e in names if engines.is_int8(e)]
    versus = [*peers, "best"] if ours in names and peers else []
    narrow = [e for e in names if e in engines.OURS and e != "stretto" and "stretto" in names]
    rows = [["network", *(f"{e} ms" for e in names), *(f"{e} cosine" for e in judged), *(f"ours / {p}" for p in versus),
             *(f"{engines.OURS[e]} / fp32" for e in narrow)]]
    ratios = []
    for network, result in results.items():
        ms = {e: min(times) for e, times in result["rounds_ms"].items()}
        ms["best"] = min((ms[p] for p in peers if p in ms), default=None)
        relative = [ratio(ms.get(ours), ms.get(p)) for p in versus] + [ratio(ms[e], ms["stretto"]) for e in narrow]
        ratios.append(relative)
        cosines = [f"{result['cosine'][e]:.4f}" if e in result["cosine"] else None for e in judged]
        rows.append([network, *(ms.get(e) for e in names), *cosines, *relative])
    if len(ratios) > 1:
        blanks = [""] * (len(names) + len(judged))
        rows.append(["geometric mean", *blanks, *(geometric_mean(c) for c in zip(*ratios))])
    return measure.table(rows)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", type=subjects.network_name, default=DEFAULT, metavar="NAME[@HxW]")
    parser.add_argument("--engines", nargs="+", choices=[*engines.OURS, *engines.PEERS],
                        help="default: all of the precision that are installed")
    parser.add_argument("--precision", choices=engines.USUAL, default="fp32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of timing, for each engine in each round")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--isa", choices=["avx2"], help="hold every engine to it that can be held")
    parser.add_argument("--keep-plans", action="store_true", help="use plans of an earlier run")
    parser.add_argument("--out", type=pathlib.Path, help="every round, as JSON")
    a = parser.parse_args()
    a.engines = a.engines or engines.USUAL[a.precision]
    return a


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
                                         "precision": a.precision, "results": results}, indent=1))
    print(table(results, a.engines, a.precision))


if __name__ == "__main__":
    try:
        main()
    except engines.Failed as failure:
        sys.exit(str(failure))
