"""What the engines are measured on: a network at a size, its model, our plans of it, one input; and whether the engines
agree on that before anything is timed."""
import argparse
import os
import pathlib
import re
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import engines  # noqa: E402
import measure  # noqa: E402
import networks  # noqa: E402
import quantised  # noqa: E402

CACHE = pathlib.Path(os.environ.get("STRETTO_LAB_CACHE", ROOT / ".cache")) / "peers"
ORACLE = "onnxruntime"
# Against the oracle, max|y − r| / max|r|: sums in another order; Winograd's larger tiles cost a digit or two.
AGREEMENT = {"stretto-fp16": 5e-3, "stretto": 1e-4}
PEERS_AGREEMENT = 1e-3
# INT8 is judged by the cosine of each output: enough to see that it is the same network.
INT8_COSINE = 0.9
CALIBRATION_SAMPLES = 8


def network_name(text):
    network, at, size = text.partition("@")
    if network not in networks.NETWORKS or (at and not re.fullmatch(r"[1-9]\d*x[1-9]\d*", size)):
        raise argparse.ArgumentTypeError(f"{text!r}: NAME or NAME@HxW, of {', '.join(networks.NETWORKS)}")
    return text


def cosine(y, r):
    y, r = y.ravel().astype(np.float64), r.ravel().astype(np.float64)
    return float(y @ r / (np.linalg.norm(y) * np.linalg.norm(r)))


class Subject:
    """`name`: "unet" has its usual size, "unet@256x512" that one. Model, input, samples for calibration and the network
    in Q/DQ form are written once. `cosines`: the worst of the outputs' of each INT8 engine, once errors() has run."""

    def __init__(self, name, batch=1):
        network, _, size = name.partition("@")
        self.name, self.batch, self.plans, self.build_s, self.cosines = name, batch, {}, {}, {}
        shape = (batch, 3, *(map(int, size.split("x")) if size else networks.NETWORKS[network][2]))
        self.model, self.inputs = CACHE / f"{name}-b{batch}.onnx", CACHE / f"{name}-b{batch}.npz"
        CACHE.mkdir(parents=True, exist_ok=True)
        if not self.model.exists():
            import onnx
            partial = self.model.with_suffix(".partial")
            onnx.save(networks.build(network, batch, shape[2:]), partial)
            partial.rename(self.model)
        self.x = networks.sample(network, shape)
        np.savez(self.inputs, x=self.x)
        self.samples = CACHE / f"{name}-b{batch}-samples"
        self.samples.mkdir(exist_ok=True)
        for number in range(CALIBRATION_SAMPLES):
            np.save(self.samples / f"{number}.npy", networks.sample(network, shape, number + 1))

    def model_of(self, peer):
        """The file that a peer is given."""
        return quantised.qdq(self.model, self.samples) if engines.is_int8(peer) else self.model

    def build_plan(self, engine, threads, isa="", keep=False):
        precision = engines.OURS[engine]
        plan = CACHE / f"{self.name}-b{self.batch}-t{threads}-{precision}{'-' + isa if isa else ''}.plan"
        if not (keep and plan.exists()):
            began = time.perf_counter()
            measure.tool("build", self.model, "-o", plan, "--threads", threads, "--precision", precision,
                         *(["--calib", self.samples, "--types", "obey"] if precision == "int8" else []),
                         *(["--isa", isa] if isa else []))
            self.build_s[engine] = time.perf_counter() - began
        self.plans[engine] = plan

    def outputs(self, engine, threads, folder, names):
        """{output: array} of one engine."""
        if engine not in engines.OURS:
            file = folder / f"{engine}.npz"
            measure.peer(engine, self.model_of(engine), threads, self.inputs, {"do": "outputs", "out": str(file)})
            with np.load(file) as arrays:
                return dict(arrays)
        np.save(folder / "x.npy", self.x)
        out = folder / engine
        measure.tool("run", self.plans[engine], "--input", folder / "x.npy", "--output", out, "--threads", threads)
        return {n: np.load(out / (n if len(names) > 1 else ".") / "x.npy") for n in names}

    def errors(self, names, threads, folder):
        """({engine: error}, {engine: why it is left out}): largest error over the outputs, against the oracle. A peer
        that cannot run this network, or is off, is left out and named; ours must do both."""
        expected, errors, left_out = self.outputs(ORACLE, threads, folder, []), {}, {}
        for engine in names:
            try:
                got = self.outputs(engine, threads, folder, list(expected))
                errors[engine] = max(float(np.abs(got[n].reshape(r.shape) - r).max() / np.abs(r).max())
                                     for n, r in expected.items())
                if engines.is_int8(engine):
                    self.cosines[engine] = min(cosine(got[n], r) for n, r in expected.items())
                    if not self.cosines[engine] >= INT8_COSINE:
                        raise engines.Failed(f"cosine {self.cosines[engine]:.3f}")
                elif not errors[engine] <= AGREEMENT.get(engine, PEERS_AGREEMENT):
                    raise engines.Failed(f"off by {errors[engine]:.1e}")
            except (engines.Failed, ValueError, KeyError) as failure:
                if engine in engines.OURS:
                    raise engines.Failed(f"{self.name}: {engine}: {failure}") from failure
                left_out[engine] = f"{failure}"
                print(f"{self.name}: {engine} left out: {failure}", file=sys.stderr, flush=True)
        return errors, left_out
