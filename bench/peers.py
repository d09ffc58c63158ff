"""Our plans beside ONNX Runtime and OpenVINO: the thesis's networks, the same inputs, the same machine, one run.

    .venv/bin/python bench/peers.py [--networks NAME[@HxW] …] [--threads 2] [--rounds 5] [--seconds 2] [--batch 1]
                                    [--isa avx2] [--out JSON]

For each network the answers are compared first. Then every engine is timed in rounds, one after the other, each in a
process of its own. The figure is the smallest of the rounds' medians, in milliseconds; a ratio below 1 means that ours is
faster, `ours / best` is against the better peer, `fp16 / fp32` our plan with `--precision fp16` against the one
without. With --isa avx2 OpenVINO is held to AVX2 as well; ONNX Runtime cannot be and is left out. Plans are built afresh
unless --keep-plans is given.
"""
import argparse
import datetime
import json
import math
import os
import pathlib
import re
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import engines  # noqa: E402
import networks  # noqa: E402

CACHE = ROOT / ".cache" / "peers"
DEFAULT = [*networks.NETWORKS, "unet@256x512"]
AGREEMENT = {"onnxruntime": 0.0, "stretto": 1e-4, "stretto-fp16": 5e-3, "openvino": 1e-3}  # against ONNX Runtime: max|y − r| / max|r|


def shape_of(name, batch):
    """Of the input: "unet" has its usual size, "unet@256x512" that one."""
    network, _, size = name.partition("@")
    return (batch, 3, *(map(int, size.split("x")) if size else networks.NETWORKS[network][2]))


def model_file(name, batch):
    """The full-size model, written once."""
    import onnx
    file = CACHE / f"{name}-b{batch}.onnx"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        onnx.save(networks.build(name.partition("@")[0], batch, shape_of(name, batch)[2:]), partial)
        partial.rename(file)
    return file


def our_outputs(plan, x, names, threads):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.save(folder / "x.npy", x)
        engines.tool("run", plan, "--input", folder / "x.npy", "--output", folder / "out", "--threads", threads)
        return {n: np.load(folder / "out" / (n if len(names) > 1 else ".") / "x.npy") for n in names}


def errors_of(files, model, x, threads):
    """Error of each engine against ONNX Runtime, largest over the outputs; Failed where it is too large."""
    expected, errors = engines.load_onnxruntime(model, threads)({"x": x}), {}
    for engine, file in files.items():
        if engine in engines.OURS:
            got = our_outputs(file, x, list(expected), threads)
        else:
            got = engines.LOADERS[engine](file, threads)({"x": x})
        errors[engine] = max(float(np.abs(got[n].reshape(r.shape) - r).max() / np.abs(r).max())
                             for n, r in expected.items())
        if not errors[engine] <= AGREEMENT[engine]:
            raise engines.Failed(f"{model.name}: {engine} is off by {errors[engine]:.1e}, not timed")
    return errors


def compare(name, a):
    """One network: plan, agreement, rounds."""
    model, result, shape = model_file(name, a.batch), {}, shape_of(name, a.batch)
    files = {e: model for e in a.engines}
    for ours in [e for e in a.engines if e in engines.OURS]:
        precision = engines.OURS[ours]
        files[ours] = CACHE / f"{name}-b{a.batch}-t{a.threads}-{precision}{'-' + a.isa if a.isa else ''}.plan"
        if not (a.keep_plans and files[ours].exists()):
            began = time.perf_counter()
            options = ["--precision", precision, *(["--isa", a.isa] if a.isa else [])]
            engines.tool("build", model, "-o", files[ours], "--threads", a.threads, *options)
            result.setdefault("build_s", {})[ours] = time.perf_counter() - began
    result["error"] = errors_of(files, model, networks.sample(name.partition("@")[0], shape), a.threads)
    result["rounds_ms"] = engines.rounds(files, {"x": shape}, a.threads, a.rounds, a.seconds)
    return result


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def table(results, names):
    """Markdown: ms for each engine, then ours over each peer and over the better of them, and our fp16 over our fp32."""
    peers = [e for e in names if e not in engines.OURS]
    ours = "stretto" in names and bool(peers)
    both = all(e in names for e in engines.OURS)
    head = ["network", *(f"{e} ms" for e in names)]
    head += [f"ours / {p}" for p in [*peers, "best"]] if ours else []
    head += ["fp16 / fp32"] if both else []
    rows, ratios = [], []
    for network, result in results.items():
        best = {e: min(times) for e, times in result["rounds_ms"].items()}
        relative = [best["stretto"] / best[p] for p in peers] if ours else []
        relative += [max(relative)] if ours else []
        relative += [best["stretto-fp16"] / best["stretto"]] if both else []
        ratios.append(relative)
        rows.append([network, *(f"{best[e]:.2f}" for e in names), *(f"{v:.2f}" for v in relative)])
    if len(ratios) > 1:
        rows.append(["geometric mean", *[""] * len(names), *(f"{geometric_mean(c):.2f}" for c in zip(*ratios))])
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def network_name(text):
    network, at, size = text.partition("@")
    if network not in networks.NETWORKS or (at and not re.fullmatch(r"[1-9]\d*x[1-9]\d*", size)):
        raise argparse.ArgumentTypeError(f"{text!r}: NAME or NAME@HxW, of {', '.join(networks.NETWORKS)}")
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [*engines.OURS, *engines.LOADERS]
    parser.add_argument("--networks", nargs="+", type=network_name, default=DEFAULT, metavar="NAME[@HxW]")
    parser.add_argument("--engines", nargs="+", choices=known, default=known)
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
    for missing in [e for e in a.engines if not engines.installed(e)]:
        print(f"{missing}: not installed, left out (pip install -r scripts/requirements-peers.txt)", file=sys.stderr)
        a.engines.remove(missing)
    if a.isa:
        os.environ["ONEDNN_MAX_CPU_ISA"] = a.isa.upper()
        a.engines = [e for e in a.engines if e != "onnxruntime"]
    here, results = f"{engines.machine()}; {datetime.date.today().isoformat()}", {}
    print(here)
    print(f"batch {a.batch}, {a.threads} threads{', ' + a.isa if a.isa else ''}; smallest of {a.rounds} rounds' medians", flush=True)
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
