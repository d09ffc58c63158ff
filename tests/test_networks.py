"""The thesis's eight networks, small, against ONNX Runtime: two sizes, batch 1 and 4, one and two threads."""
import numpy as np
import onnx
import pytest

import networks
import tool

SIZES = {name: networks.NETWORKS[name][3] for name in networks.NETWORKS}


@pytest.mark.parametrize("batch", (1, 4))
@pytest.mark.parametrize("which", (0, 1))
@pytest.mark.parametrize("name", networks.NETWORKS)
def test_network_equals_onnx_runtime(name, which, batch, tmp_path, cache):
    """The first size with a symbolic batch that --shape fixes, the second as the model has it."""
    height, width = SIZES[name][which]
    model = networks.build_small(name, "N" if which == 0 else batch, which)
    file, plan = tmp_path / f"{name}.onnx", tmp_path / f"{name}.plan"
    onnx.save(model, file)
    shape = ("--shape", f"x:{batch}x3x{height}x{width}") if which == 0 else ()
    tool.stretto("build", file, "-o", plan, *shape, *cache)

    x = networks.sample(name, (batch, 3, height, width))
    expected = tool.oracle(model)({"x": x})
    if batch == 1:
        inputs = {"whole.npy": x}
    else:
        inputs = {f"sample{i}": x[i] for i in range(batch)}
    one = tool.run_plan(plan, inputs, tmp_path, list(expected), threads=1)
    two = tool.run_plan(plan, inputs, tmp_path, list(expected), threads=2)
    for output, r in expected.items():
        y = np.concatenate([one[output][n].ravel() for n in inputs])
        tool.assert_close(f"{name}, {output}", y, r)
        for file_name in inputs:
            assert one[output][file_name].tobytes() == two[output][file_name].tobytes(), (
                f"{name}, {output}, {file_name}: other bytes with two threads")


def test_fixed_batch_is_overridden(tmp_path, cache):
    """ShuffleNet's constant Reshape targets pin the batch; --batch must go through them or name the node."""
    file, plan = tmp_path / "m.onnx", tmp_path / "m.plan"
    onnx.save(networks.build_small("shufflenet_v2", 1, 0), file)
    tool.stretto("build", file, "-o", plan, "--batch", 4, *cache)
    x = networks.sample("shufflenet_v2", (4, 3, *SIZES["shufflenet_v2"][0]))
    expected = tool.oracle(networks.build_small("shufflenet_v2", 4, 0))({"x": x})
    got = tool.run_plan(plan, {"x.raw": x}, tmp_path, ["y"])
    tool.assert_close("shufflenet_v2, batch 4", got["y"]["x.raw"], expected["y"])


def test_last_partial_batch_is_filled_and_dropped(tmp_path, cache):
    file, plan = tmp_path / "m.onnx", tmp_path / "m.plan"
    model = networks.build("squeezenet1_1", "N", (67, 67), 0.25, classes=20)
    onnx.save(model, file)
    tool.stretto("build", file, "-o", plan, "--batch", 4, *cache)
    x = networks.sample("partial", (6, 3, 67, 67))
    expected = tool.oracle(model)({"x": x})["y"]
    got = tool.run_plan(plan, {f"s{i}": x[i] for i in range(6)}, tmp_path, ["y"])["y"]
    for i in range(6):
        tool.assert_close(f"sample {i}", got[f"s{i}"], expected[i])


@pytest.mark.parametrize("isa", ("scalar", "avx2"))
def test_smaller_instruction_sets_agree(isa, tmp_path, cache):
    file, plan = tmp_path / "m.onnx", tmp_path / "m.plan"
    model = networks.build_small("mobilenet_v2", 1, 0)
    onnx.save(model, file)
    done = tool.call("stretto", "build", file, "-o", plan, "--isa", isa, *cache)
    if done.returncode and isa != "scalar":
        pytest.skip(f"{isa}: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    x = networks.sample(isa, (1, 3, *SIZES["mobilenet_v2"][0]))
    got = tool.run_plan(plan, {"x.npy": x}, tmp_path, ["y"])
    tool.assert_close(isa, got["y"]["x.npy"], tool.oracle(model)({"x": x})["y"])


@pytest.mark.parametrize("classes", (8, 16, 32))
def test_output_flattened_from_whole_channel_blocks(classes, tmp_path, cache):
    """A 1×1 map of whole channel blocks has the same bytes in every layout; the output must still be a plain tensor."""
    file, plan = tmp_path / "m.onnx", tmp_path / "m.plan"
    model = networks.build("squeezenet1_1", 1, (67, 67), 0.25, classes=classes)
    onnx.save(model, file)
    x = networks.sample("blocks", (1, 3, 67, 67))
    expected = tool.oracle(model)({"x": x})["y"]
    for selection in ("heuristic", "measure"):
        tool.stretto("build", file, "-o", plan, "--selection", selection, *cache)
        tool.assert_close(selection, tool.run_plan(plan, {"x.npy": x}, tmp_path, ["y"])["y"]["x.npy"], expected)
