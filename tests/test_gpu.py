"""Plans for a GPU: on a pretended one everywhere, on a real one where there is one, and what is said where there is none.

The pretended GPU (src/kernels/cuda/device/pretended.cc) stands behind the plug-in's interface and computes on the host
what the kernels would: whole builds and runs, layouts and views included, are tested without a GPU.
"""
import json
import shutil
import subprocess

import numpy as np
import onnx
import pytest

import networks
import tool

PRETENDED = tool.BIN.parent / "pretended" / "libstretto_cuda.so"
PLUGIN = tool.BIN / "libstretto_cuda.so"
TOLERANCE = {"fp32": 1e-4, "tf32": 5e-3, "fp16": 5e-3}


def program_with(folder, plugin):
    """A copy of `stretto` with that plug-in beside it, or with none."""
    shutil.copy(tool.BIN / "stretto", folder / "stretto")
    if plugin:
        shutil.copy(plugin, folder / "libstretto_cuda.so")
    return folder / "stretto"


def call(program, *arguments, timeout=300):
    return subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)


def must(program, *arguments):
    done = call(program, *arguments)
    assert done.returncode == 0, f"{arguments}: status {done.returncode}\n{done.stderr[-2000:]}"
    return done.stdout


def one_line(done, *words):
    assert done.returncode == 1, f"status {done.returncode}\n{done.stderr}"
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("stretto: error: "), done.stderr
    for word in words:
        assert word in lines[0], lines[0]


def real_gpu():
    """Why the machine's own GPU cannot be used; empty if it can."""
    if not PLUGIN.exists():
        return "libstretto_cuda.so is not built here (no nvcc)"
    return tool.stretto_json("devices", "--no-peaks").get("no_gpu", "")


def agrees(program, name, which, precision, folder, *options):
    """Builds and runs a small network; its plan's layers."""
    model = networks.build_small(name, 1, which)
    file, plan = folder / f"{name}.onnx", folder / f"{name}.plan"
    onnx.save(model, file)
    must(program, "build", file, "-o", plan, "--device", "cuda", "--precision", precision, "--quiet", *options)
    height, width = networks.NETWORKS[name][3][which]
    x = networks.sample(name, (1, 3, height, width))
    source, target = folder / "in", folder / "out"
    source.mkdir(exist_ok=True)
    np.save(source / "x.npy", x)
    must(program, "run", plan, "--device", "cuda", "--input", source, "--output", target, "--quiet")
    expected = tool.oracle(model)({"x": x})
    for output, r in expected.items():
        y = np.load((target if len(expected) == 1 else target / output) / "x.npy").ravel().astype(np.float64)
        r = r.ravel().astype(np.float64)
        error = np.abs(y - r).max() / np.abs(r).max()
        cosine = y @ r / (np.linalg.norm(y) * np.linalg.norm(r))
        assert error <= TOLERANCE[precision] and cosine >= 0.9999, f"{name}, {output}: {error:.2e}, cosine {cosine:.6f}"
    return plan


def same_integers(program, name, folder, *options):
    """One recipe, on the GPU and on the CPU: the same outputs, byte for byte."""
    file, recipe = folder / f"{name}.onnx", folder / "recipe"
    onnx.save(networks.build_small(name, 1, 0), file)
    height, width = networks.NETWORKS[name][3][0]
    source = folder / "in"
    source.mkdir(exist_ok=True)
    np.save(source / "x.npy", networks.sample(name, (1, 3, height, width)))
    int8 = ("--precision", "int8", "--types", "obey", "--tactic-cache", "none", "--quiet", *options)
    must(program, "build", file, "-o", folder / "cpu.plan", "--calib", source, "--calib-cache", recipe, *int8)
    built = must(program, "build", file, "-o", folder / "gpu.plan", "--calib-cache", recipe, "--device", "cuda", *int8,
                 "--json")
    outputs = {}
    for device in ("cpu", "gpu"):
        must(program, "run", folder / f"{device}.plan", "--input", source, "--output", folder / device, "--quiet")
        outputs[device] = {p.relative_to(folder / device): p.read_bytes() for p in (folder / device).rglob("*.npy")}
    assert outputs["cpu"] and outputs["cpu"].keys() == outputs["gpu"].keys()
    assert [name for name in outputs["cpu"] if outputs["cpu"][name] != outputs["gpu"][name]] == []
    tactics = [layer["tactic"] for layer in json.loads(built)["layers"]]
    assert all(tactic.startswith("cuda.") for tactic in tactics), tactics
    assert sum("u8s8s32" in tactic or "_integer" in tactic for tactic in tactics) > 3, tactics


# --- without ---------------------------------------------------------------------------------------------------------
def test_without_plug_in_the_error_is_one_line(small, tmp_path):
    program = program_with(tmp_path, None)
    done = call(program, "build", small[0], "-o", tmp_path / "p", "--device", "cuda")
    one_line(done, "libstretto_cuda.so", "--device cpu")
    assert not (tmp_path / "p").exists()
    report = must(program, "devices", "--no-peaks")
    assert "cpu:" in report and "cuda: none" in report
    must(program, "build", small[0], "-o", tmp_path / "p", "--selection", "heuristic", "--no-verify", "--quiet")


def test_without_driver_the_error_is_one_line(small, tmp_path):
    if not PLUGIN.exists() or not real_gpu():
        pytest.skip("needs libstretto_cuda.so and a machine without a GPU")
    done = call(tool.BIN / "stretto", "build", small[0], "-o", tmp_path / "p", "--device", "cuda:0")
    one_line(done, "GPU", "--device cpu")


def test_a_plan_for_a_gpu_says_so_where_there_is_none(small, tmp_path):
    with_gpu, without = tmp_path / "with", tmp_path / "without"
    with_gpu.mkdir(), without.mkdir()
    program = program_with(with_gpu, PRETENDED)
    plan = tmp_path / "p"
    must(program, "build", small[0], "-o", plan, "--device", "cuda", "--selection", "heuristic", "--no-verify", "--quiet")
    other = program_with(without, None)
    one_line(call(other, "bench", plan), "libstretto_cuda.so")
    assert "cuda" in must(other, "inspect", plan)
    one_line(call(program, "run", plan, "--device", "cpu", "--input", "x", "--output", "y"), "cuda", "cpu")
    one_line(call(program, "run", small[1], "--device", "cuda", "--input", "x", "--output", "y"), "cuda", "cpu")
    one_line(call(program, "bench", plan, "--device", "cuda:7"), "cuda:7")


def test_what_a_gpu_cannot_do_yet_is_refused(small, tmp_path):
    program = program_with(tmp_path, PRETENDED)
    one_line(call(program, "build", small[0], "-o", tmp_path / "p", "--device", "cuda", "--precision", "bf16"), "bf16")


# --- pretended -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("precision", ("fp32", "fp16"))
@pytest.mark.parametrize("name", networks.NETWORKS)


def test_networks_on_a_pretended_gpu(name, precision, tmp_path):
    if precision == "fp16" and name not in ("resnet18", "shufflenet_v2", "unet"):
        pytest.skip("three networks serve for fp16 on the host")
    agrees(program_with(tmp_path, PRETENDED), name, 0, precision, tmp_path, "--selection", "heuristic", "--types",
           "obey", "--no-verify")


@pytest.mark.parametrize("name", ("resnet18", "mobilenet_v2", "shufflenet_v2", "unet"))
def test_integers_of_a_pretended_gpu_are_those_of_the_cpu(name, tmp_path):
    same_integers(program_with(tmp_path, PRETENDED), name, tmp_path, "--selection", "heuristic", "--no-verify")


def test_selection_by_the_pretended_clock_and_rebuild(small, tmp_path):
    program = program_with(tmp_path, PRETENDED)
    log, first, second = tmp_path / "log", tmp_path / "first", tmp_path / "second"
    options = ("--device", "cuda", "--precision", "fp16", "--tactic-cache", "none", "--quiet")
    must(program, "build", small[0], "-o", first, "--log-tactics", log, *options)
    must(program, "build", small[0], "-o", second, "--tactics", log, *options)
    assert tool.without_times(first) == tool.without_times(second)


# --- real ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("precision", ("fp32", "tf32", "fp16"))
@pytest.mark.parametrize("name", networks.NETWORKS)


def test_networks_on_the_gpu(name, precision, tmp_path):
    if why := real_gpu():
        pytest.skip(f"{name} in {precision} on a GPU: {why}")
    agrees(tool.BIN / "stretto", name, 0, precision, tmp_path, "--tactic-cache", "none", "--time-budget", 20)


@pytest.mark.parametrize("name", ("resnet18", "mobilenet_v2", "shufflenet_v2", "unet"))
def test_integers_of_the_gpu_are_those_of_the_cpu(name, tmp_path):
    if why := real_gpu():
        pytest.skip(f"{name} in int8 on a GPU: {why}")
    same_integers(tool.BIN / "stretto", name, tmp_path, "--time-budget", 20)
