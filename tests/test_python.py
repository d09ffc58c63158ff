"""The Python package: what it computes is what the tool computes, on the caller's own memory."""
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import onnx
import pytest

import networks
import pictures
import tool

stretto = pytest.importorskip("stretto", reason="the Python module is not built: cmake --preset release -DSTRETTO_PYTHON=ON")

SHAPE = (1, 3, 67, 67)


@pytest.fixture(scope="module")
def engine(small):
    return stretto.load(small[1])


@pytest.fixture(scope="module")
def fast(cache):
    """Options of a build that takes seconds."""
    return {"threads": 2, "tactic_cache": cache[1], "time_budget_s": 2}


def sample(seed=0):
    return networks.sample("squeezenet1_1", SHAPE, seed)


def address(array):
    return array.__array_interface__["data"][0]


# --- what it computes ----------------------------------------------------------------------------------------------------
def test_a_loaded_plan_gives_the_tools_bytes(small, engine, tmp_path):
    x = sample()
    expected = tool.run_plan(small[1], {"x.npy": x}, tmp_path, ["y"])["y"]["x.npy"]
    y = engine(x)
    assert list(y) == ["y"] and y["y"].dtype == np.float32
    assert y["y"].tobytes() == expected.tobytes()
    assert engine({"x": x})["y"].tobytes() == expected.tobytes()


def test_a_built_engine_runs_saves_and_reports(small, fast, tmp_path):
    seen = []
    built = stretto.build(small[0], progress=lambda p: seen.append((p.stage, p.fraction)), **fast)
    plan = tmp_path / "m.plan"
    built.save(plan.as_posix())
    x = sample(1)
    assert built(x)["y"].tobytes() == stretto.load(plan)(x)["y"].tobytes()
    tool.assert_close("y", built(x)["y"], tool.oracle(small[0])({"x": x})["y"])
    assert built.report["precision"] == "fp32" and built.report["layers"]
    assert stretto.load(plan).report is None
    assert seen[-1] == ("done", 1.0)
    assert [f for _, f in seen] == sorted(f for _, f in seen)


def test_what_an_engine_says_of_itself(small, engine):
    (x,), (y,) = engine.inputs, engine.outputs
    assert (x.name, tuple(x.shape), x.dtype, x.bytes) == ("x", SHAPE, "float32", 4 * 3 * 67 * 67)
    assert (y.name, tuple(y.shape)) == ("y", (1, 20))
    assert engine.programs == 1 and engine.preprocess == ""
    report = tool.stretto_json("inspect", small[1])
    assert engine.memory(threads=1)["weights"] == report["programs"][0]["memory_bytes"]["weights"]


def test_int8_from_arrays_in_memory(resnet, fast):
    samples = [networks.sample("resnet18", (1, 3, 32, 32), seed) for seed in range(8)]
    engine = stretto.build(resnet.model, precision="int8", types="obey", calibration=samples, **fast)
    x = networks.sample("resnet18", (1, 3, 32, 32), 100)
    y, r = engine(x)["y"].ravel(), tool.oracle(resnet.model)({"x": x})["y"].ravel()
    assert engine.report["quantization"]
    assert y @ r / np.linalg.norm(y) / np.linalg.norm(r) > 0.97


def test_the_set_of_shapes_that_fits_is_taken(tmp_path, fast):
    model = tmp_path / "m.onnx"
    onnx.save(networks.build("squeezenet1_1", "N", (67, 67), 0.25, classes=20), model)
    engine = stretto.build(model, shapes=[{"x": (b, 3, 67, 67)} for b in (1, 3)], **fast)
    assert engine.programs == 2 and engine.inputs_of(1)[0].shape == [3, 3, 67, 67]
    x = np.concatenate([sample(i) for i in range(3)])
    y = engine(x)["y"]
    assert y.shape == (3, 20)
    for i in range(3):
        np.testing.assert_allclose(engine(x[i:i + 1])["y"][0], y[i], rtol=1e-4, atol=1e-5)
    with pytest.raises(stretto.UsageError, match="takes 1x3x67x67"):
        engine(x[:2])


def test_pictures_are_read_as_the_tool_reads_them(small, fast, tmp_path):
    spec = "resize=80,crop=67"
    engine = stretto.build(small[0], preprocess=spec, **fast)
    from PIL import Image
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8))
    picture.save(tmp_path / "p.png")
    expected = pictures.Preprocess(80, 67, (0, 0, 0), (1, 1, 1), filter="bilinear")(picture)
    x = engine.read((tmp_path / "p.png").as_posix())
    assert x.shape == SHAPE
    np.testing.assert_allclose(x[0], expected, atol=1e-2)


# --- memory --------------------------------------------------------------------------------------------------------------
def test_outputs_are_written_where_the_caller_says(engine):
    y = np.full((1, 20), np.nan, np.float32)
    result = engine(sample(), outputs={"y": y})
    assert result["y"] is y
    assert y.tobytes() == engine(sample())["y"].tobytes()


def test_an_output_outlives_everything(small):
    y = stretto.load(small[1])(sample())["y"]
    before = y.copy()
    for seed in range(3):
        stretto.load(small[1])(sample(seed))
    assert (y == before).all() and address(y) % 64 == 0


def test_torch_tensors_are_used_in_place(engine):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    import torch
    x, y = torch.from_numpy(sample()), torch.zeros(1, 20)
    result = engine(x, outputs={"y": y})["y"]
    assert result is y and y.numpy().tobytes() == engine(sample())["y"].tobytes()
    shared = torch.from_dlpack(engine(sample())["y"])
    assert shared.shape == (1, 20)
    with pytest.raises(stretto.UsageError):
        engine(x.transpose(2, 3))


def test_outputs_go_through_dlpack_without_a_copy(engine):
    y = engine(sample())["y"]
    assert address(np.from_dlpack(y)) == address(y)


class OnlyDlpack:
    """A tensor of another library: it has __dlpack__ and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_what_has_dlpack_alone_is_read_and_written_in_place(engine):
    y = np.zeros((1, 20), np.float32)
    engine(OnlyDlpack(sample()), outputs={"y": OnlyDlpack(y)})
    assert y.tobytes() == engine(sample())["y"].tobytes()


# --- refusals ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make, words", (
    (lambda x: x[:, :, :60], "1x3x67x67"),
    (lambda x: x[0], "1x3x67x67"),
    (lambda x: x.astype(np.float64), "float64"),
    (lambda x: x.transpose(0, 1, 3, 2), "ascontiguousarray"),
    (lambda x: x.tolist(), "list"),
    (lambda x: None, "NoneType"),
    (lambda x: {"z": x}, "no input 'z'"),
    (lambda x: {}, "takes 1 inputs"),
))
def test_wrong_inputs_are_refused_with_the_reason(engine, make, words):
    with pytest.raises(stretto.UsageError, match=words) as raised:
        engine(make(sample()))
    assert isinstance(raised.value, (stretto.Error, ValueError))


def test_wrong_outputs_are_refused(engine):
    frozen = np.zeros((1, 20), np.float32)
    frozen.flags.writeable = False
    for outputs in ({"z": np.zeros((1, 20), np.float32)}, {"y": np.zeros((1, 21), np.float32)}, {"y": frozen}):
        with pytest.raises(stretto.UsageError):
            engine(sample(), outputs=outputs)
    x = sample()
    with pytest.raises(stretto.UsageError, match="overlaps"):
        engine(x, outputs={"y": x.reshape(-1)[:20].reshape(1, 20)})
    with pytest.raises(TypeError):
        engine(x, outputs=[x])


def test_files_that_are_no_plan_or_model(small, tmp_path):
    with pytest.raises(stretto.InputError, match="nowhere.plan"):
        stretto.load(tmp_path / "nowhere.plan")
    with pytest.raises(stretto.InputError):
        stretto.load(small[0])
    with pytest.raises(stretto.InputError, match="nowhere.onnx"):
        stretto.build(tmp_path / "nowhere.onnx")
    with pytest.raises(stretto.UsageError):
        stretto.build(small[0], precision="int8")
    with pytest.raises(stretto.UsageError, match="fp12"):
        stretto.build(small[0], precision="fp12")
    with pytest.raises(stretto.UsageError, match="copy that file"):
        stretto.load(small[1]).save(tmp_path.as_posix())
    with pytest.raises(TypeError, match="batch"):
        stretto.build(small[0], batch="two")


# --- interruption --------------------------------------------------------------------------------------------------------
def test_what_progress_raises_ends_the_build(small):
    def refuse(progress):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        stretto.build(small[0], threads=2, tactic_cache="none", progress=refuse)


def test_ctrl_c_ends_a_build_and_leaves_nothing(tmp_path):
    model = tmp_path / "m.onnx"
    onnx.save(networks.build("mobilenet_v2", 1, (96, 96), 0.5), model)
    program = textwrap.dedent("""
        import signal, sys, stretto
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job begins with it ignored
        try:
            stretto.build(sys.argv[1], threads=2, tactic_cache="none", progress=lambda p: print(p.stage, flush=True))
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """)
    child = subprocess.Popen([sys.executable, "-c", program, str(model)], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    for line in child.stdout:
        if line.strip() == "time tactics":
            break
    child.send_signal(signal.SIGINT)
    rest, _ = child.communicate(timeout=60)
    assert rest.split()[-1] == "interrupted" and child.returncode == 0
    assert [f.name for f in tmp_path.iterdir()] == ["m.onnx"]


# --- threads -------------------------------------------------------------------------------------------------------------
def test_contexts_in_threads_give_the_same_bytes(engine):
    expected = [engine(sample(seed))["y"].tobytes() for seed in range(4)]
    failures = []

    def serve(context, seed):
        for _ in range(50):
            if context(sample(seed))["y"].tobytes() != expected[seed]:
                failures.append(seed)

    own = [threading.Thread(target=serve, args=(engine.context(threads=1), seed)) for seed in range(4)]
    shared = [threading.Thread(target=serve, args=(engine, seed)) for seed in range(4)]
    for thread in own + shared:
        thread.start()
    for thread in own + shared:
        thread.join()
    assert not failures


def test_runs_without_the_gil(small):
    """Another thread of Python goes on while the network runs: one that kept the GIL would keep it for a minute."""
    context, stop, ticks, x = stretto.load(small[1]).context(threads=1), threading.Event(), [0], sample()
    before, end = sys.getswitchinterval(), time.monotonic() + 20

    def tick():
        while not stop.is_set():
            ticks[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=tick)
    sys.setswitchinterval(60)
    try:
        thread.start()
        seen = ticks[0]
        while ticks[0] == seen and time.monotonic() < end:
            context(x)
        moved = ticks[0] > seen
    finally:
        stop.set()
        sys.setswitchinterval(before)
    thread.join()
    assert moved


def test_asynchronous_runs_end_in_order(engine):
    context = engine.context(threads=2)
    pending = [context.run_async(sample(seed)) for seed in range(5)]
    for seed, one in enumerate(pending):
        assert one.wait()["y"].tobytes() == engine(sample(seed))["y"].tobytes()
        assert one.done
    del pending
    context.run_async(sample())  # nobody waits: it ends before its memory goes


def test_profile_names_every_step(engine):
    steps = engine.context(threads=1).profile(sample())
    assert len(steps) > 10 and all(s["tactic"] and s["time_ms"] >= 0 for s in steps)
    assert {"name", "op", "tactic", "precision", "time_ms", "gflop"} == set(steps[0])


def test_signatures_and_docstrings_are_there():
    import inspect
    assert "precision" in inspect.signature(stretto.build).parameters
    for thing in (stretto, stretto.build, stretto.load, stretto.Engine, stretto.Context, stretto.Engine.__call__,
                  stretto.Detector):
        assert thing.__doc__ and len(thing.__doc__) > 40, thing
    stub = importlib.util.find_spec("stretto._native").origin
    text = open(os.path.join(os.path.dirname(stub), "_native.pyi")).read()
    assert "class Engine" in text and "def __call__" in text
