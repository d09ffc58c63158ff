"""What people type: exit statuses, one line on each error, nothing half-written, and what programs read from --json."""
import json
import os
import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import networks
import tool


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    x = networks.sample("image", (1, 3, 67, 67))
    np.save(folder / "x.npy", x)
    return folder / "x.npy"


def write_model(path, nodes, inputs, outputs, initializers=()):
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "g", [value(*i) for i in inputs], [value(*o) for o in outputs], list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


# --- wrong usage -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("arguments", (
    (), ("frobnicate",), ("build",), ("build", "MODEL"), ("build", "MODEL", "-o", "OUT", "--frobnicate"),
    ("build", "MODEL", "-o", "OUT", "--precision", "fp8"), ("build", "MODEL", "-o", "OUT", "--precision", "int8"),
    ("build", "MODEL", "-o", "OUT", "--threads", "-3"), ("build", "MODEL", "-o", "OUT", "--isa", "mmx"),
    ("build", "MODEL", "-o", "OUT", "--device", "abacus"), ("build", "MODEL", "-o", "OUT", "--skip-pass", "no_such_pass"),
    ("build", "MODEL", "-o", "OUT", "--shape", "x:1x3"), ("build", "MODEL", "-o", "OUT", "--shape", "x:1x3x0x67"),
    ("build", "MODEL", "-o", "OUT", "--shape", "nosuch:1x3x67x67"), ("build", "MODEL", "-o", "OUT", "--shape", "x:axb"),
    ("build", "MODEL", "-o", "OUT", "--preprocess", "resize=banana"), ("run", "PLAN"),
    ("run", "PLAN", "--input", "IMAGE", "--output", "OUT", "--format", "xml"), ("bench", "PLAN", "--iterations", "many"),
    ("bench",), ("inspect",), ("diff", "PLAN"), ("compare", "PLAN"),
), ids=lambda a: " ".join(a) or "nothing")
def test_wrong_usage_is_status_2(arguments, small, image, tmp_path):
    model, plan = small
    names = {"MODEL": model, "PLAN": plan, "IMAGE": image, "OUT": tmp_path / "out"}
    tool.refusal(2, *(names.get(a, a) for a in arguments))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", (
    ("build", "GONE.onnx", "-o", "OUT"), ("run", "GONE.plan", "--input", "IMAGE", "--output", "OUT"),
    ("run", "PLAN", "--input", "GONE", "--output", "OUT"), ("bench", "GONE.plan"), ("inspect", "GONE.plan"),
    ("compare", "GONE.plan", "MODEL"), ("compare", "PLAN", "GONE.onnx"), ("diff", "PLAN", "GONE.plan"),
), ids=" ".join)
def test_missing_files_are_named(arguments, small, image, tmp_path):
    model, plan = small
    names = {"MODEL": model, "PLAN": plan, "IMAGE": image, "OUT": tmp_path / "out"}
    line = tool.refusal(2, *(names.get(a, tmp_path / a if "GONE" in a else a) for a in arguments))
    assert "GONE" in line
    assert not (tmp_path / "out").exists()


def test_a_gpu_that_is_not_there_is_status_1(small, tmp_path):
    tool.refusal(1, "build", small[0], "-o", tmp_path / "out", "--device", "cuda:999")
    assert not (tmp_path / "out").exists()


def test_help_and_version():
    for arguments in (("--help",), ("build", "--help"), ("run", "--help"), ("bench", "--help")):
        assert len(tool.stretto(*arguments)) > 100


# --- wrong contents --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("values", (67 * 67 * 3 - 1, 67 * 67 * 3 + 1, 1, 0))
def test_sample_of_wrong_size(values, small, tmp_path):
    sample = tmp_path / "sample.raw"
    sample.write_bytes(np.zeros(values, np.float32).tobytes())
    line = tool.refusal(2, "run", small[1], "--input", sample, "--output", tmp_path / "out")
    assert "sample.raw" in line
    assert not tool.files_below(tmp_path / "out")


def test_npy_of_wrong_shape_or_type(small, tmp_path):
    for name, array in (("shape", np.zeros((1, 3, 66, 67), np.float32)), ("type", np.zeros((1, 3, 67, 67), np.complex64))):
        np.save(tmp_path / f"{name}.npy", array)
        line = tool.refusal(2, "run", small[1], "--input", tmp_path / f"{name}.npy", "--output", tmp_path / "out")
        assert f"{name}.npy" in line
    assert not tool.files_below(tmp_path / "out")


def test_picture_without_preprocessing(small, tmp_path):
    from PIL import Image
    Image.new("RGB", (67, 67)).save(tmp_path / "p.png")
    line = tool.refusal(2, "run", small[1], "--input", tmp_path / "p.png", "--output", tmp_path / "out")
    assert "preprocess" in line


@pytest.mark.parametrize("verb", ("run", "inspect"))
def test_truncated_plans_are_refused(verb, small, image, tmp_path):
    whole = small[1].read_bytes()
    lengths = {0, 1, 7, 8, 63, 64, 65, 100, 4095, 4096, 4097, len(whole) - 1}
    lengths |= {int(n) for n in np.linspace(0, len(whole) - 1, 14)}
    cut = tmp_path / "cut.plan"
    for length in sorted(n for n in lengths if n < len(whole)):
        cut.write_bytes(whole[:length])
        arguments = ("--input", image, "--output", tmp_path / "out") if verb == "run" else ()
        assert "cut.plan" in tool.refusal(2, verb, cut, *arguments), f"cut to {length} bytes"
        assert not tool.files_below(tmp_path / "out")


def test_flipped_bytes_never_crash(small, image, tmp_path):
    """Damage outside the weights is seen; damage in them at worst changes the answer."""
    whole = bytearray(small[1].read_bytes())
    random = np.random.default_rng(1)
    for place in [*range(0, 64, 3), *random.integers(64, len(whole), 40)]:
        damaged = bytearray(whole)
        damaged[place] ^= 0x5A
        (tmp_path / "bad.plan").write_bytes(damaged)
        tool.call("stretto", "run", tmp_path / "bad.plan", "--input", image, "--output", tmp_path / "out")
        tool.call("stretto", "inspect", tmp_path / "bad.plan")


def test_foreign_files_are_no_plans(small, image, tmp_path):
    text = tmp_path / "text.plan"
    text.write_text("This is no plan at all.\n" * 100)
    for foreign in (text, small[0], image):
        assert foreign.name in tool.refusal(2, "run", foreign, "--input", image, "--output", tmp_path / "out")
    assert not tool.files_below(tmp_path / "out")


def test_truncated_models_leave_no_plan(small, tmp_path):
    whole = small[0].read_bytes()
    cut = tmp_path / "cut.onnx"
    for length in sorted({0, 1, 2, 10, 100, *(int(n) for n in np.linspace(0, len(whole) - 1, 8))}):
        cut.write_bytes(whole[:length])
        done = tool.call("stretto", "build", cut, "-o", tmp_path / "out.plan", "--time-budget", 1)
        assert done.returncode in (1, 2), f"cut to {length} bytes: built"
        assert done.stderr.strip()
        assert not (tmp_path / "out.plan").exists()


def test_unsupported_operators_are_named_all_at_once(tmp_path):
    nodes = [helper.make_node("Unique", ["x"], ["a"], name="first"), helper.make_node("Relu", ["a"], ["b"]),
             helper.make_node("Unique", ["b"], ["c"], name="second"),
             helper.make_node("Det", ["c"], ["y"], name="third")]
    model = write_model(tmp_path / "m.onnx", nodes, [("x", [1, 1, 4, 4])], [("y", [1, 1])])
    line = tool.refusal(1, "build", model, "-o", tmp_path / "out.plan")
    assert "Unique" in line and "Det" in line and "2" in line and "first" in line
    assert not (tmp_path / "out.plan").exists()


def test_output_that_cannot_be_written(small, image, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = tool.call("stretto", "run", small[1], "--input", image, "--output", blocked / "out")
    assert done.returncode in (1, 2) and str(blocked) in done.stderr
    tool.refusal(2, "build", small[0], "-o", tmp_path / "no" / "such" / "folder.plan")
    assert not (tmp_path / "no").exists()
    assert blocked.read_text() == "in the way"


# --- what programs read ----------------------------------------------------------------------------------------------
def test_build_json(small, tmp_path, cache):
    report = tool.stretto_json("build", small[0], "-o", tmp_path / "p.plan", *cache)
    assert {"model", "plan", "device", "precision", "build_s", "timed_tactics", "plan_bytes", "weights_bytes",
            "activation_bytes", "layers", "quantization", "reverted"} <= set(report)
    assert report["plan_bytes"] == (tmp_path / "p.plan").stat().st_size
    assert report["layers"] and all({"name", "op", "tactic", "precision"} <= set(layer) for layer in report["layers"])


def test_fp16_narrows_what_it_may_and_says_so(small, image, tmp_path, cache):
    full = tool.stretto_json("build", small[0], "-o", tmp_path / "full.plan", *cache)
    half = tool.stretto_json("build", small[0], "-o", tmp_path / "half.plan", "--precision", "fp16", "--types", "obey",
                             *cache)
    assert full["precision"] == "fp32" and all(layer["precision"] == "fp32" for layer in full["layers"])
    if half["precision"] == "fp32":
        pytest.skip("this processor has no kernels with f16 weights")
    assert any(layer["precision"] == "fp16" for layer in half["layers"])
    # Half the bytes where both use the same way: a choice of another one (Winograd's) may keep more weights.
    wide = {layer["name"]: layer for layer in full["layers"]}
    for layer in half["layers"]:
        twin = wide.get(layer["name"])
        if twin and twin["tactic"] + "_half" == layer["tactic"] and "winograd" not in layer["tactic"]:
            assert layer["weights_bytes"] < 0.6 * twin["weights_bytes"]
    report = tool.stretto_json("compare", tmp_path / "half.plan", small[0])
    assert all(output["cosine"] >= 0.9999 for output in report["outputs"])
    answers = {}
    for name in ("full", "half"):
        tool.stretto("run", tmp_path / f"{name}.plan", "--input", image, "--output", tmp_path / name)
        (file,) = (tmp_path / name).rglob("*.npy")
        answers[name] = np.load(file)
    error = np.abs(answers["half"] - answers["full"]).max() / np.abs(answers["full"]).max()
    assert 0 < error <= 5e-3
    inspected = tool.stretto_json("inspect", tmp_path / "half.plan")
    assert inspected["precision"] == "fp16"
    assert "fp16" in {layer["precision"] for program in inspected["programs"] for layer in program["layers"]}


def test_bench_json(small):
    report = tool.stretto_json("bench", small[1], "--duration", 0.3, "--warmup", 0.1, "--threads", 2, "--layers")
    assert {"plan", "device", "precision", "threads", "batch", "iterations", "latency_ms", "throughput_per_s",
            "memory_bytes", "load_ms", "first_ms", "deadline", "layers"} <= set(report)
    assert report["first_ms"] > report["load_ms"] > 0
    latency = report["latency_ms"]
    assert set(latency) >= {"mean", "std", "min", "p50", "p90", "p99", "p999", "max"}
    assert 0 < latency["min"] <= latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p999"] <= latency["max"]
    assert set(report["memory_bytes"]) >= {"weights", "activations", "workspace", "peak_rss"}
    assert set(report["deadline"]) >= {"rate_hz", "deadline_ms", "missed"}
    assert report["iterations"] > 0 and report["threads"] == 2 and report["batch"] == 1
    assert report["layers"] and all(
        {"name", "op", "tactic", "precision", "time_ms", "gflops", "percent_of_peak"} <= set(l) for l in report["layers"])


def test_bench_counts_iterations_and_deadlines(small):
    report = tool.stretto_json("bench", small[1], "--iterations", 20, "--warmup", 0)
    assert report["iterations"] == 20
    report = tool.stretto_json("bench", small[1], "--duration", 0.5, "--rate", 100, "--deadline", 1e-6)
    assert report["deadline"]["rate_hz"] == 100 and report["deadline"]["missed"] >= report["iterations"] > 0


def test_bench_takes_a_model(small):
    assert tool.stretto_json("bench", small[0], "--duration", 0.2, "--time-budget", 1)["iterations"] > 0


def test_trace_is_json(small, tmp_path):
    tool.stretto("bench", small[1], "--duration", 0.2, "--trace", tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    events = trace["traceEvents"] if isinstance(trace, dict) else trace
    assert any(e.get("ph") in ("X", "B") for e in events)


def test_compare_json(small):
    report = tool.stretto_json("compare", small[1], small[0])
    assert report["outputs"] and report["layers"]
    for output in report["outputs"]:
        assert {"name", "max_abs", "mean_abs", "cosine", "sqnr_db"} <= set(output)
        assert output["cosine"] >= tool.MIN_COSINE
    assert all({"name", "cosine", "sqnr_db"} <= set(layer) for layer in report["layers"])


def test_inspect(small):
    for file in small:
        assert "conv" in tool.stretto("inspect", file).lower()
        assert isinstance(tool.stretto_json("inspect", file), dict)


def test_run_json_and_formats(small, image, tmp_path):
    report = tool.stretto_json("run", small[1], "--input", image, "--output", tmp_path / "raw", "--format", "raw")
    assert isinstance(report, dict)
    tool.stretto("run", small[1], "--input", image, "--output", tmp_path / "npy", "--format", "npy")
    raw, npy = (next((tmp_path / f).iterdir()) for f in ("raw", "npy"))
    assert np.load(npy).ravel().tobytes() == np.fromfile(raw, np.float32).tobytes()


def test_diff_of_a_plan_with_itself_and_another(small, tmp_path, cache):
    same = tool.stretto("diff", small[1], small[1])
    tool.stretto("build", small[0], "-o", tmp_path / "scalar.plan", "--isa", "scalar", *cache)
    other = tool.stretto("diff", small[1], tmp_path / "scalar.plan")
    assert "tactic" in other.lower() and len(other) > len(same)


def test_devices():
    report = tool.stretto_json("devices", timeout=120)
    assert "cpu" in json.dumps(report).lower()


# --- choices ---------------------------------------------------------------------------------------------------------
def test_rebuild_from_logged_tactics_gives_the_same_bytes(small, tmp_path, cache):
    log, first, second = tmp_path / "choices", tmp_path / "first.plan", tmp_path / "second.plan"
    tool.stretto("build", small[0], "-o", first, "--log-tactics", log, *cache)
    report = tool.stretto_json("build", small[0], "-o", second, "--tactics", log)
    assert report["timed_tactics"] == 0
    assert tool.without_times(first) == tool.without_times(second)


def test_damaged_tactics_file(small, tmp_path):
    (tmp_path / "choices").write_text("no such thing\n" * 3)
    tool.refusal(2, "build", small[0], "-o", tmp_path / "p.plan", "--tactics", tmp_path / "choices")
    assert not (tmp_path / "p.plan").exists()


def test_frozen_builds_from_the_cache_alone(small, tmp_path):
    """Without its timings a frozen build fails and names a step; with them it times nothing."""
    timings, frozen = ("--tactic-cache", tmp_path / "timings"), ("--selection", "frozen")
    tool.refusal(1, "build", small[0], "-o", tmp_path / "p.plan", *timings, *frozen)
    assert not (tmp_path / "p.plan").exists()
    tool.stretto("build", small[0], "-o", tmp_path / "measured.plan", *timings)
    report = tool.stretto_json("build", small[0], "-o", tmp_path / "p.plan", *timings, *frozen)
    assert report["timed_tactics"] == 0
    assert tool.stretto_json("compare", tmp_path / "p.plan", small[0])["outputs"][0]["cosine"] >= tool.MIN_COSINE


def test_heuristic_times_nothing(small, tmp_path):
    report = tool.stretto_json("build", small[0], "-o", tmp_path / "p.plan", "--selection", "heuristic",
                               "--tactic-cache", "none")
    assert report["timed_tactics"] == 0


def test_several_shapes_in_one_plan_share_weights(tmp_path, cache):
    onnx.save(networks.build("squeezenet1_1", "N", (67, 67), 0.25, classes=20), tmp_path / "m.onnx")
    one = tool.stretto_json("build", tmp_path / "m.onnx", "-o", tmp_path / "one.plan", "--isa", "scalar",
                            "--shape", "x:1x3x67x67", *cache)
    two = tool.stretto_json("build", tmp_path / "m.onnx", "-o", tmp_path / "two.plan", "--isa", "scalar",
                            "--shape", "x:1x3x67x67", "--shape", "x:2x3x67x67", *cache)
    assert two["weights_bytes"] < 1.9 * one["weights_bytes"]
    x = networks.sample("shapes", (2, 3, 67, 67))
    expected = tool.oracle(tmp_path / "m.onnx")({"x": x})["y"]
    np.save(tmp_path / "x.npy", x)
    tool.stretto("run", tmp_path / "two.plan", "--program", 1, "--input", tmp_path / "x.npy", "--output", tmp_path / "out")
    tool.assert_close("the second shape", np.load(tmp_path / "out" / "x.npy"), expected)


def test_list_tactics_says_why_not(small, tmp_path, cache):
    done = tool.call("stretto", "build", small[0], "-o", tmp_path / "p.plan", "--list-tactics", *cache)
    assert done.returncode == 0, done.stderr
    assert re.search(r"refused|slower", done.stdout + done.stderr)


def test_symbolic_batch_is_taken_as_one_and_said(tmp_path, cache):
    onnx.save(networks.build("squeezenet1_1", "N", (67, 67), 0.25, classes=20), tmp_path / "m.onnx")
    done = tool.call("stretto", "build", tmp_path / "m.onnx", "-o", tmp_path / "p.plan", *cache)
    assert done.returncode == 0, done.stderr
    assert "symbolic" in done.stdout + done.stderr


def test_interrupted_build_leaves_nothing(small, tmp_path):
    import signal
    import subprocess
    folder = tmp_path / "target"
    folder.mkdir()
    process = subprocess.Popen([str(tool.BIN / "stretto"), "build", str(small[0]), "-o", str(folder / "p.plan"),
                                "--tactic-cache", "none"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(0.15)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert not os.listdir(folder)
