"""Engines side by side: ours and those that are installed, each loaded and timed in the same way.

Every measurement runs in a process of its own; `rounds` interleaves them, so that a slow minute of the machine hits all.
"""
import argparse
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import numpy as np

BIN = pathlib.Path(os.environ.get("STRETTO_BIN", pathlib.Path(__file__).resolve().parent.parent / "build/release/bin"))


class Failed(Exception):
    """An engine that could not load or run; one line that says why."""


OURS = {"stretto": "fp32", "stretto-fp16": "fp16"}  # engine: precision of its plans


def installed(engine):
    return engine in OURS or importlib.util.find_spec(engine) is not None


# --- loading: each gives a function that runs once on {input: array} and returns {output: array} ----------------------
def load_onnxruntime(model, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(names, feeds)))


def load_openvino(model, threads):
    import openvino
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(model)), "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    outputs = [(o.get_any_name(), request.get_tensor(o)) for o in compiled.outputs]

    def run(feeds):
        for name, array in feeds.items():
            request.set_tensor(name, openvino.Tensor(array, shared_memory=True))
        request.infer()
        return {name: tensor.data for name, tensor in outputs}

    return run


LOADERS = {"onnxruntime": load_onnxruntime, "openvino": load_openvino}


# --- timing ----------------------------------------------------------------------------------------------------------
def median_ms(run, feeds, seconds):
    """Median of single runs after half a second of warming up."""
    run(feeds)
    end = time.perf_counter() + min(0.5, seconds / 2)
    while time.perf_counter() < end:
        run(feeds)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        run(feeds)
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def tool(*arguments):
    """Runs stretto; its stdout."""
    if not (BIN / "stretto").exists():
        raise Failed(f"{BIN}/stretto is not built: cmake --preset release && cmake --build --preset release")
    done = subprocess.run([str(BIN / "stretto"), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"stretto {' '.join(map(str, arguments))}: {(done.stderr.strip() or '?').splitlines()[-1]}")
    return done.stdout


def measure(engine, file, inputs, threads, seconds):
    """Median in ms of one engine, in a process of its own. `file`: a plan for ours, a model for the others; `inputs`:
    {name: shape}."""
    if engine in OURS:
        report = json.loads(tool("bench", file, "--json", "--duration", seconds, "--threads", threads))
        return report["latency_ms"]["p50"]
    shapes = [f"{name}:{'x'.join(map(str, shape))}" for name, shape in inputs.items()]
    done = subprocess.run([sys.executable, __file__, engine, str(file), str(threads), str(seconds), *shapes],
                          capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{engine}: {(done.stderr.strip() or '?').splitlines()[-1]}")
    return float(done.stdout.strip().splitlines()[-1])


def rounds(files, inputs, threads, count, seconds):
    """{engine: [ms of each round]} for files = {engine: plan or model}. Each round begins with another engine."""
    engines, times = list(files), {e: [] for e in files}
    for number in range(count):
        first = number % len(engines)
        for engine in engines[first:] + engines[:first]:
            times[engine].append(measure(engine, files[engine], inputs, threads, seconds))
    return times


# --- where it ran ----------------------------------------------------------------------------------------------------
def machine():
    """One line: processor, instruction sets, load, versions of the engines."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    field = lambda key: next((l.split(":", 1)[1].strip() for l in text.splitlines() if l.startswith(key)), "")
    isas = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_fp16", "amx_tile") if f in field("flags").split()]
    versions = [f"{e} {importlib.metadata.version(e)}" for e in LOADERS if installed(e)]
    return (f"{field('model name') or platform.machine()}, {len(os.sched_getaffinity(0))} CPUs ({' '.join(isas)}), load "
            f"{os.getloadavg()[0]:.1f} when it began; {', '.join(versions)}")


def main():
    parser = argparse.ArgumentParser(description="One engine, one measurement: prints the median in ms.")
    parser.add_argument("engine", choices=LOADERS)
    parser.add_argument("model")
    parser.add_argument("threads", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("inputs", nargs="+", help="name:1x3x224x224")
    a = parser.parse_args()
    random, feeds = np.random.default_rng(0), {}
    for text in a.inputs:
        name, _, dims = text.rpartition(":")
        feeds[name] = random.standard_normal([int(d) for d in dims.split("x")]).astype(np.float32)
    print(median_ms(LOADERS[a.engine](a.model, a.threads), feeds, a.seconds))


if __name__ == "__main__":
    main()
