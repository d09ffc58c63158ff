"""Runs the built programs and judges their answers."""
import json
import os
import pathlib
import re
import struct
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("STRETTO_BIN", ROOT / "build" / "release" / "bin"))

MAX_ERROR = 1e-4  # of an output: max|y − r| / max|r|
MIN_COSINE = 0.99999
PROGRESS = re.compile(r"\w+: \d+ %, |\w+: note: ")


def call(program, *arguments, timeout=300):
    """Runs it; whatever happens, it must end by itself and not by a signal."""
    done = subprocess.run([str(BIN / program), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    assert done.returncode in (0, 1, 2), f"{program} {arguments} ended with {done.returncode}:\n{done.stderr[-2000:]}"
    return done


def stretto(*arguments, timeout=300):
    """A call that must succeed; its stdout."""
    done = call("stretto", *arguments, timeout=timeout)
    assert done.returncode == 0, f"stretto {' '.join(map(str, arguments))}: status {done.returncode}\n{done.stderr[-2000:]}"
    return done.stdout


def stretto_json(*arguments, timeout=300):
    return json.loads(stretto(*arguments, "--json", timeout=timeout))


def refusal(status, *arguments, program="stretto"):
    """A call that must fail with `status` and one line that says why, after whatever progress there was; that line."""
    done = call(program, *arguments)
    assert done.returncode == status, f"{program} {arguments}: status {done.returncode}, expected {status}\n{done.stderr}"
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    mark = f"{program}: error: "
    assert lines and lines[-1].startswith(mark), f"the last line on stderr must be the error:\n{done.stderr}"
    for line in lines[:-1]:
        assert PROGRESS.match(line), f"one line expected, found also {line!r}"
    assert len(lines[-1]) > len(mark) + 20, f"too short to help: {lines[-1]!r}"
    return lines[-1]


def read(file, shape=None):
    data = np.load(file) if file.suffix == ".npy" else np.fromfile(file, np.float32)
    return data if shape is None else data.reshape(shape)


def run_plan(plan, inputs, folder, outputs, threads=2):
    """`inputs`: {file name: array} of one input. Gives {output: {file name: array}}; bytes are left in `folder`."""
    source, target = folder / "in", folder / f"out{threads}"
    source.mkdir(parents=True, exist_ok=True)
    for name, array in inputs.items():
        if name.endswith(".npy"):
            np.save(source / name, array)
        else:
            (source / name).write_bytes(array.tobytes())
    stretto("run", plan, "--input", source, "--output", target, "--threads", threads)
    places = {outputs[0]: target} if len(outputs) == 1 else {o: target / o for o in outputs}
    for output, place in places.items():
        assert sorted(f.name for f in place.iterdir() if f.is_file()) == sorted(inputs), f"files of output {output}"
    return {o: {n: read(place / n) for n in inputs} for o, place in places.items()}


def files_below(folder):
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def without_times(file):
    """A plan's bytes up to what was measured, which comes last (src/plan/FORMAT.md)."""
    plan = file.read_bytes()
    weights_bytes, weights_offset = struct.unpack_from("<QQ", plan, 24)
    end = weights_offset + (weights_bytes + 63) // 64 * 64
    assert 64 < end < len(plan)
    return plan[:end]


def assert_close(what, y, r, max_error=MAX_ERROR):
    y, r = np.asarray(y, np.float64).ravel(), np.asarray(r, np.float64).ravel()
    assert y.shape == r.shape, f"{what}: {y.size} values, expected {r.size}"
    assert np.isfinite(y).all(), f"{what}: not all finite"
    error = np.abs(y - r).max() / np.abs(r).max()
    cosine = y @ r / (np.linalg.norm(y) * np.linalg.norm(r))
    assert error <= max_error, f"{what}: error {error:.2e} > {max_error:.0e}"
    assert cosine >= MIN_COSINE, f"{what}: cosine {cosine:.7f}"


def oracle(model):
    """ONNX Runtime on a model (bytes, path or ModelProto): a function from inputs to {output: array}."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    source = model.SerializeToString() if hasattr(model, "SerializeToString") else str(model)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(names, feeds)))
