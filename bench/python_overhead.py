"""What a call costs in Python beyond the same run in C++, for a network that is done in microseconds.

    .venv/bin/python bench/python_overhead.py [--rounds 5] [--seconds 1]

In each round `stretto bench` and then Python run the same plan with one thread; the figure is Python's median less C++'s,
in microseconds, and the smallest and largest of the rounds. Python's calls: a new output each, and outputs given.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

import engines  # noqa: E402
import measure  # noqa: E402
from onnx_writer import Writer  # noqa: E402

sys.path.insert(0, str(measure.BIN.parent / "python"))


def tiny(path):
    """One 1×1 convolution of 8 channels on 8×8."""
    import onnx
    w = Writer("tiny", seed=0)
    x = w.input("x", [1, 8, 8, 8])
    w.output(w.relu(w.conv(x, 8, 1, bias=True)), "y", [1, 8, 8, 8])
    onnx.save(w.model(), path)


def median_us(call, seconds):
    clock, times, end = time.perf_counter_ns, [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(100):
            began = clock()
            call()
            times.append(clock() - began)
    return statistics.median(times) / 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    a = parser.parse_args()
    import stretto
    with tempfile.TemporaryDirectory() as folder:
        model, plan = pathlib.Path(folder) / "tiny.onnx", pathlib.Path(folder) / "tiny.plan"
        tiny(model)
        stretto.build(model, threads=1, tactic_cache="none", time_budget_s=2).save(str(plan))
        context = stretto.load(plan).context(threads=1)
        x, y = np.ones((1, 8, 8, 8), np.float32), {"y": np.empty((1, 8, 8, 8), np.float32)}
        rows = [["round", "C++ µs", "Python, new output", "over C++", "Python, output given", "over C++"]]
        for number in range(a.rounds):
            report = measure.ours(plan, 1, {"do": "time", "seconds": a.seconds})
            cpp = report["p50"] * 1e3
            fresh, given = (median_us(c, a.seconds) for c in (lambda: context(x), lambda: context(x, outputs=y)))
            rows.append([str(number + 1), cpp, fresh, fresh - cpp, given, given - cpp])
    print(f"{measure.machine([])}\n{measure.table(rows)}")
    for name, column in (("new output", 3), ("output given", 5)):
        over = [row[column] for row in rows[1:]]
        print(f"Python over C++, {name}: {min(over):.1f} to {max(over):.1f} µs a call")


if __name__ == "__main__":
    try:
        main()
    except engines.Failed as failure:
        sys.exit(str(failure))
