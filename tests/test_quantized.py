"""Networks that ONNX Runtime's tools quantised, against ONNX Runtime: through the passes on the oracle, and built."""
import pathlib
import re
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest

import tool
from onnx_writer import Writer

quantization = pytest.importorskip("onnxruntime.quantization", reason="onnxruntime.quantization needs ml_dtypes")

FORMATS = {"qdq": quantization.QuantFormat.QDQ, "qoperator": quantization.QuantFormat.QOperator}
ACTIVATIONS = {"u8": quantization.QuantType.QUInt8, "i8": quantization.QuantType.QInt8}
SHAPE = (1, 3, 16, 16)


def network():
    """Every shape of graph that matters: convolutions, activations, a residual, a concat, pools, a classifier."""
    w = Writer("quantized", opset=13, seed=3)

    def conv(x, out, kernel, stride=1, groups=1):
        weights = w.constant(w.he((out, w.channels[x] // groups, kernel, kernel), w.channels[x] // groups * kernel ** 2))
        return w.node("Conv", [x, weights, w.constant(w.small(out))], channels=out, kernel_shape=[kernel] * 2,
                      pads=[kernel // 2] * 4, strides=[stride] * 2, group=groups)

    x = w.input("x", SHAPE)
    x = w.node("Relu", [conv(x, 8, 3)])
    x = w.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
    y = w.node("Relu", [conv(x, 8, 3, groups=8)])
    y = conv(y, 8, 1)
    x = w.node("Relu", [w.node("Add", [x, y])])
    z = w.node("Sigmoid", [conv(x, 4, 1)])
    x = w.node("Concat", [x, z], axis=1, channels=12)
    x = w.node("LeakyRelu", [conv(x, 16, 3, stride=2)], alpha=0.1)
    x = w.node("Flatten", [w.node("GlobalAveragePool", [x])], axis=1)
    x = w.node("Gemm", [x, w.constant(w.he((10, 16), 16)), w.constant(w.small(10))], transB=1)
    w.output(x, "y", (1, 10))
    return onnx.helper.make_model(onnx.helper.make_graph(w.nodes, w.name, w.inputs, w.outputs, w.initializers),
                                  opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)


def samples(count, seed):
    return np.random.default_rng(seed).standard_normal((count, *SHAPE)).astype(np.float32)


class Samples(quantization.CalibrationDataReader):
    def __init__(self):
        self.rest = iter(samples(8, 1))

    def get_next(self):
        x = next(self.rest, None)
        return None if x is None else {"x": x}


def quantized(folder, form, activation, per_channel):
    """Weights of 7 bits: 8-bit kernels of ONNX Runtime saturate on CPUs without VNNI."""
    source, target = folder / "float.onnx", folder / "quantized.onnx"
    onnx.save(network(), source)
    quantization.quantize_static(
        source, target, Samples(), quant_format=FORMATS[form], per_channel=per_channel, reduce_range=True,
        activation_type=ACTIVATIONS[activation], weight_type=quantization.QuantType.QInt8)
    return target


def last_step(model):
    """The scale of the last dequantisation."""
    graph = onnx.load(model).graph
    numbers = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    node = [n for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] not in numbers][-1]
    return float(numbers[node.input[1]])


def expected(model, x):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def on_the_oracle(model, x, folder, *more):
    x.tofile(folder / "input_0.bin")
    done = subprocess.run([tool.BIN / "ref_runner", model, folder, "optimised", *more], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return np.fromfile(folder / "output_0.bin", np.float32).reshape(1, 10), re.findall(r"node (\w+)", done.stdout)


def assert_within_a_step(got, want, step):
    assert np.abs(got - want).max() <= 1.01 * step, f"{np.abs(got - want).max() / step} steps apart"


CASES = [(f, a, c) for f in FORMATS for a in ACTIVATIONS for c in (False, True)]


@pytest.mark.parametrize("form,activation,per_channel", CASES)
def test_network_of_onnx_runtime_computes_on_integers(form, activation, per_channel, tmp_path):
    model = quantized(tmp_path, form, activation, per_channel)
    step = last_step(model)
    for x in samples(3, 7):
        got, operators = on_the_oracle(model, x, tmp_path)
        assert_within_a_step(got, expected(model, x), step)
    assert operators.count("conv_integer") == 5 and operators.count("gemm_integer") == 1, operators
    assert not {"conv", "gemm", "matmul"} & set(operators), operators
    assert operators.count("quantize") == 1 and operators.count("dequantize") == 1, operators


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_in_qdq_form_runs_in_onnx_runtime(form, tmp_path):
    model, written = quantized(tmp_path, form, "u8", True), tmp_path / "written.onnx"
    step = last_step(model)
    for x in samples(3, 7):
        got, _ = on_the_oracle(model, x, tmp_path, written)
        onnx.checker.check_model(onnx.load(written))
        theirs = expected(written, x)
        assert_within_a_step(theirs, got, step)
        assert theirs.argmax() == got.argmax()


@pytest.mark.parametrize("form,activation,per_channel", CASES)
def test_built_network_is_within_a_step_of_onnx_runtime(form, activation, per_channel, tmp_path, cache):
    model, plan = quantized(tmp_path, form, activation, per_channel), pathlib.Path(tmp_path / "m.plan")
    tool.stretto("build", model, "-o", plan, *cache)
    step = last_step(model)
    inputs = {f"{i}.npy": x for i, x in enumerate(samples(3, 7))}
    got = tool.run_plan(plan, inputs, tmp_path, ["y"])["y"]
    for name, x in inputs.items():
        assert_within_a_step(got[name].ravel(), expected(model, x).ravel(), step)
