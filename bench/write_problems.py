"""Writes bench/problems/<network>.txt: what every step of the thesis's networks computes, one problem a line.

    .venv/bin/python bench/write_problems.py [--only NAME …] [--out FOLDER]

Each network is built at full size for AVX-512 and for AVX2 (channels by blocks of 16 and of 8), tactics by estimate, so
that the same tree gives the same files on any machine with AVX-512. `problem_bench` reads them.
"""
import argparse
import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import onnx  # noqa: E402

import engines  # noqa: E402
import measure  # noqa: E402
import networks  # noqa: E402

ISAS = ("avx512", "avx2")
BUILD = ("--selection", "heuristic", "--tactic-cache", "none", "--threads", 2, "--no-verify", "--quiet")


def problems_of(name, folder):
    """{problem: {isa: steps}} in the order of first use."""
    model, plan = folder / f"{name}.onnx", folder / f"{name}.plan"
    onnx.save(networks.build(name), model)
    found = {}
    for isa in ISAS:
        measure.tool("build", model, "-o", plan, "--isa", isa, *BUILD)
        for program in json.loads(measure.tool("inspect", plan, "--json"))["programs"]:
            for layer in program["layers"]:
                steps = found.setdefault(layer["problem"], {})
                steps[isa] = steps.get(isa, 0) + 1
    return found


def text_of(name, found):
    height, width = networks.NETWORKS[name][2]
    lines = [f"# The steps of {name} at {height}x{width}, batch 1, as built for {' and '.join(ISAS)} by estimate;",
             f"# above each how many are alike. Written by bench/write_problems.py --only {name}."]
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
    for name in arguments.only:
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = problems_of(name, pathlib.Path(folder))
            except engines.Failed as failure:
                sys.exit(f"write_problems: {name}: {failure}")
        file = arguments.out / f"{name}.txt"
        file.write_text(text_of(name, found))
        print(f"{file}: {len(found)} problems, {file.stat().st_size / 1e3:.1f} kB")


if __name__ == "__main__":
    main()
