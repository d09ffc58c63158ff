"""The same recipe gives the same bytes on every instruction set and number of threads: full-size and real networks.

    .venv/bin/python bench/same_integers.py [--networks NAME …] [--out JSON]

A network of tests/networks.py goes by its name, a real one (docs/accuracy.md) as real/NAME. For each one recipe is made
(`--types obey`, eight calibration samples; of the first kind without the steps that refine it), then a plan of it for each
instruction set that this processor has, which runs two samples with one thread and with two. All output files must be equal
to the byte. tests/test_int8.py holds small networks to the same; this takes some minutes a network.
"""
import argparse
import json
import pathlib
import sys
import tempfile

import numpy as np

import accuracy_sets
import subjects

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import int8
import models
import networks
import tool

ISAS = ("scalar", "avx2", "avx_vnni", "avx512", "avx512_vnni")
RUNS = 2
INT8 = (*int8.INT8, *int8.QUICK)
SHAPES = {"real/retinaface": ("--shape", "input:1x3x320x320")}


def save(arrays, folder):
    folder.mkdir(parents=True)
    for number, x in enumerate(arrays):
        np.save(folder / f"{number}.npy", x)
    return folder


def subject(name, folder):
    """(model, calibration samples, inputs to run)."""
    if name in networks.NETWORKS:
        s = subjects.Subject(name)
        files = sorted(s.samples.glob("*.npy"))
        return s.model, s.samples, save([np.load(f) for f in files[:RUNS]], folder / "inputs")
    name = name.removeprefix("real/")
    samples = accuracy_sets.SETS[name](subjects.CALIBRATION_SAMPLES)
    return (models.path(name), save(samples.calibration[:, None], folder / "samples"),
            save(samples.test[:RUNS, None], folder / "inputs"))


def answers(model, recipe, isa, inputs, options, folder):
    """{threads: {output file: bytes}}, or why there are none."""
    plan = folder / f"{isa}.plan"
    done = tool.call("stretto", "build", model, "-o", plan, *INT8, *options, "--calib-cache", recipe, "--isa", isa,
                     "--no-verify")
    if done.returncode == 1 and "this CPU has no" in done.stderr:
        return "this CPU has none"
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    found = {}
    for threads in (1, 2):
        out = folder / f"{isa}-{threads}"
        tool.stretto("run", plan, "--input", inputs, "--output", out, "--threads", threads, "--format", "raw")
        found[threads] = tool.files_below(out)
    plan.unlink()
    return found


def compare(name):
    """{instruction set: "the same", or what is wrong}; the first is what others are compared with."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model, samples, inputs = subject(name, folder)
        recipe, options = folder / "network.recipe", SHAPES.get(name, ())
        steps = [] if name.startswith("real/") else int8.plain_rounding()
        tool.stretto("build", model, "-o", folder / "first.plan", *INT8, *options, *steps, "--calib", samples,
                     "--calib-cache", recipe)
        verdicts, first = {}, None
        for isa in ISAS:
            found = answers(model, recipe, isa, inputs, options, folder)
            if isinstance(found, str):
                verdicts[isa] = found
                continue
            first = first or found[1]
            verdicts[isa] = "the same" if found[1] == found[2] == first else "OTHER BYTES"
        return verdicts


def main():
    known = [*networks.NETWORKS, *(f"real/{name}" for name in accuracy_sets.SETS)]
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--networks", nargs="+", default=known, choices=known)
    parser.add_argument("--out", type=pathlib.Path)
    a = parser.parse_args()
    results = {}
    for name in a.networks:
        results[name] = compare(name)
        print(f"{name}: " + ", ".join(f"{isa} {verdict}" for isa, verdict in results[name].items()), flush=True)
    if a.out:
        a.out.write_text(json.dumps(results, indent=1) + "\n")
    return any("OTHER" in verdict for verdicts in results.values() for verdict in verdicts.values())


if __name__ == "__main__":
    sys.exit(main())
