"""Writes bench/problems/<network>.txt and <network>_int8.txt: what every step of the thesis's networks computes, one
problem a line, in floating point and on integers.

    .venv/bin/python bench/write_problems.py [--only NAME …] [--out FOLDER]

Each network is built at full size for AVX-512 and for AVX2 (channels by blocks of 16 and of 8), tactics by estimate, so
that the same tree gives the same files on any machine with AVX-512. Integer plans take their scales from two seeded
samples. `problem_bench` reads the files.
"""
import argparse
import itertools
import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import numpy as np  # noqa: E402
import onnx  # noqa: E402

import engines  # noqa: E402
import measure  # noqa: E402
import networks  # noqa: E402

# precision: the instruction sets that plans are built for
ISAS = {"fp32": ("avx512", "avx2"), "int8": ("avx512_vnni", "avx2")}
BUILD = ("--selection", "heuristic", "--tactic-cache", "none", "--threads", 2, "--no-verify", "--quiet")
SAMPLES = 2


def recipe_of(name, model, folder):
    """Options that build an INT8 plan of a recipe, which is made here."""
    samples, recipe = folder / "samples", folder / "recipe"
    samples.mkdir()
    for seed in range(SAMPLES):
        np.save(samples / f"{seed}.npy", networks.sample(name, (1, 3, *networks.NETWORKS[name][2]), seed))
    int8 = ("--precision", "int8", "--types", "obey", "--calib-cache", recipe)
    measure.tool("build", model, "-o", folder / "plan", *int8, "--calib", samples, *BUILD)
    return int8


def problems_of(name, precision, folder):
    """{problem: {isa: steps}} in the order of first use."""
    model, plan = folder / f"{name}.onnx", folder / f"{name}.plan"
    onnx.save(networks.build(name), model)
    options, found = recipe_of(name, model, folder) if precision == "int8" else (), {}
    for isa in ISAS[precision]:
        measure.tool("build", model, "-o", plan, "--isa", isa, *options, *BUILD)
        for program in json.loads(measure.tool("inspect", plan, "--json"))["programs"]:
            for layer in program["layers"]:
                steps = found.setdefault(layer["problem"], {})
                steps[isa] = steps.get(isa, 0) + 1
    return found


def text_of(name, precision, found):
    height, width = networks.NETWORKS[name][2]
    kind = "on integers, " if precision == "int8" else ""
    lines = [f"# The steps of {name} at {height}x{width}, batch 1, {kind}as built for {' and '.join(ISAS[precision])} "
             "by estimate;", f"# above each how many are alike. Written by bench/write_problems.py --only {name}."]
    for problem, steps in found.items():
        counts = ", ".join(f"{isa} {count}" for isa, count in steps.items())
        lines += [f"# {counts}", problem]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=networks.NETWORKS, default=list(networks.NETWORKS))
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench" / "problems")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, precision in itertools.product(arguments.only, ISAS):
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = problems_of(name, precision, pathlib.Path(folder))
            except engines.Failed as failure:
                sys.exit(f"write_problems: {name}, {precision}: {failure}")
        file = arguments.out / f"{name}{'_int8' if precision == 'int8' else ''}.txt"
        file.write_text(text_of(name, precision, found))
        print(f"{file}: {len(found)} problems, {file.stat().st_size / 1e3:.1f} kB")


if __name__ == "__main__":
    main()
