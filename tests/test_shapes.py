"""Shapes a network was not exported with, and operators beyond convolutions: whole plans against ONNX Runtime."""
import numpy as np
import onnx
import pytest
from onnx_writer import Writer

import tool


def picture_network(shape):
    w = Writer("odd")
    x = w.input("x", shape)
    y = w.node("Relu", [w.conv(x, 19, 3, bias=True)])
    y = w.node("MaxPool", [y], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    y = w.node("Relu", [w.conv(y, 19, 3, pad=1, groups=19)])
    w.output(w.conv(y, 5, 1), "y", ["n", 5, "a", "b"])
    return w.model()


def build_and_compare(model, inputs, folder, options=(), fixed=None):
    """`fixed`: the model as ONNX Runtime gets it, where its shapes differ."""
    file, plan = folder / "m.onnx", folder / "m.plan"
    onnx.save(model, file)
    tool.stretto("build", file, "-o", plan, *options)
    expected = tool.oracle(fixed or model)({"x": inputs})
    got = tool.run_plan(plan, {"x.npy": inputs}, folder, list(expected))
    for output, r in expected.items():
        tool.assert_close(output, got[output]["x.npy"], r)


@pytest.mark.parametrize("shape", ((1, 3, 1, 1), (1, 3, 7, 5), (1, 3, 1, 1000), (8, 3, 7, 5)))
def test_odd_sizes_override_fixed_and_symbolic_dimensions(shape, tmp_path, cache):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    asked = ("--shape", "x:" + "x".join(map(str, shape)), *cache)
    build_and_compare(picture_network([1, 3, 16, 16]), x, tmp_path, asked, picture_network(list(shape)))
    build_and_compare(picture_network(["N", 3, "h", "w"]), x, tmp_path, asked)


def test_empty_batches_are_refused(tmp_path):
    file = tmp_path / "m.onnx"
    onnx.save(picture_network([1, 3, 16, 16]), file)
    assert "0x3x7x5" in tool.refusal(2, "build", file, "-o", tmp_path / "p", "--shape", "x:0x3x7x5")
    assert not (tmp_path / "p").exists()


def test_operators_beyond_convolutions_make_plans(tmp_path, cache):
    """Norms, gates and selections in one network; every one of the portable rows for rare operators takes part."""
    w = Writer("rare", opset=20)
    random = np.random.default_rng(1)
    x = w.input("x", [1, 8, 12, 10])

    def ints(*values):
        return w.constant(np.array(values, np.int64))

    y = w.node("InstanceNormalization", [w.conv(x, 8, 3, pad=1), w.constant(w.small(8)), w.constant(w.small(8))])
    y = w.node("Add", [w.node("Gelu", [y]), w.node("Mish", [y])])
    running = w.node("CumSum", [y, ints(3)])
    y = w.node("Where", [w.node("Less", [running, w.constant(np.float32(0.5))]), y, w.node("Erf", [running])])
    grid = w.constant(random.uniform(-1, 1, (1, 9, 11, 2)).astype(np.float32))
    sampled = w.node("GridSample", [y, grid], align_corners=1)
    pooled, indices = w.node("MaxPool", [y], "pooled", outputs=2, kernel_shape=[2, 2], strides=[2, 2])
    unpooled = w.node("MaxUnpool", [pooled, indices], kernel_shape=[2, 2], strides=[2, 2])
    rois = w.constant(np.array([[1, 1, 8, 7], [0, 2, 5, 9]], np.float32))
    regions = w.node("RoiAlign", [unpooled, rois, ints(0, 0)], output_height=3, output_width=3, sampling_ratio=2)
    values, _ = w.node("TopK", [w.node("Flatten", [y]), ints(5)], "best", outputs=2)
    w.output(sampled, "sampled", [1, 8, 9, 11])
    w.output(unpooled, "unpooled", [1, 8, 12, 10])
    w.output(regions, "regions", [2, 8, 3, 3])
    w.output(values, "values", [1, 5])
    model = w.model()
    x = random.normal(size=(1, 8, 12, 10)).astype(np.float32)
    build_and_compare(model, x, tmp_path, cache)
