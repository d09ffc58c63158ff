"""ONNX's own backend tests of single operators, through the importer and the oracle.

    python tests/node_tests.py --runner build/release/bin/ref_runner [PATTERN]

Every test of PyPI's `onnx` whose operators are all in the importer's table runs, and passes or stands in LEFT_OUT with
the reason. Inputs that an operator needs at import (shapes, axes, scales) are bound as initialisers. A line of LEFT_OUT
none of whose tests fails any more is a failure too: the list stays true.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

# What the importer's table has; operators marked True are computed at import, on constants alone.
OPERATORS = {name: False for name in """
    Abs Add AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv ConvInteger ConvTranspose
    DequantizeLinear Div Dropout Exp Expand Flatten Gather Gemm GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish
    Identity LRN LeakyRelu MatMul MatMulInteger Max MaxPool Min Mul Neg PRelu Pad Pow QLinearConv QLinearMatMul
    QuantizeLinear Reciprocal ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Resize Shape Sigmoid Size Slice
    Softmax Split Sqrt Squeeze Sub Sum Swish Tanh Transpose Unsqueeze Upsample""".split()}
OPERATORS.update({name: True for name in """
    And Ceil Equal Floor Greater GreaterOrEqual Less LessOrEqual Mod NonZero Not Or Range ReduceProd Round Tile
    Where""".split()})

# Inputs that must be known at import, by operator.
KNOWN_INPUTS = {
    "ConstantOfShape": [0], "ConvInteger": [1, 2, 3], "DequantizeLinear": [1, 2], "Dropout": [1, 2], "Expand": [1],
    "MatMulInteger": [1, 2, 3], "Pad": [1, 2, 3], "QLinearConv": [1, 2, 3, 4, 5, 6, 7],
    "QLinearMatMul": [1, 2, 4, 5, 6, 7], "QuantizeLinear": [1, 2], "ReduceMax": [1], "ReduceMean": [1],
    "ReduceMin": [1], "ReduceSum": [1], "Reshape": [1], "Resize": [1, 2, 3], "Slice": [1, 2, 3, 4], "Split": [1],
    "Squeeze": [1], "Unsqueeze": [1], "Upsample": [1],
}

# Regular expression over test names → why its tests are not held to pass.
LEFT_OUT = {
    r"test_cast.*(FLOAT8|FLOAT4|INT4|STRING).*": "element types that Stretto has not",
    r"test_(equal_string|identity_(sequence|opt)).*": "strings, sequences and optionals",
    r"test_(min|max|mod|add|sub|mul|div|pow|clip)_?.*u?int(8|16|32|64).*": "arithmetic is on f32, i32 and i64",
    r"test_maxpool_2d_uint8": "arithmetic is on f32, i32 and i64",
    r"test_reduce_(max|min)_bool_inputs": "arithmetic is on f32, i32 and i64",
    r"test_not_.d": "opset 1",
    r"test_reduce_.*empty_set.*": "empty tensors are known at import or not at all",
    r"test_(reshape_allowzero_reordered|split_zero_size_splits_.*)": "empty tensors are known at import or not at all",
    r"test_reduce_prod_.*": "the product of a whole list alone: shape arithmetic",
    r"test_(training_dropout|batchnorm_.*_training_mode|dropout_default_mask).*": "training",
    r"test_maxpool_with_argmax_.*": "indices of the maxima",
    r"test_(de)?quantizelinear_(e4m3fn|e5m2|float4e2m1|u?int4).*": "element types that Stretto has not",
    r"test_(de)?quantizelinear_u?int16": "quantisation is to 8 bits",
    r"test_(de)?quantizelinear_blocked.*": "quantisation by blocks",
    r"test_qlinearmatmul_.D_int8_.*": "the suite's numbers wrap where ONNX Runtime and we saturate",
    r"test_wrap_pad": "mode wrap",
    r"test_resize_.*antialias": "antialias",
    r"test_resize_.*exclude_outside": "exclude_outside",
    r"test_resize_.*not_(larger|smaller)": "keep_aspect_ratio_policy",
    r"test_resize_tf_crop_and_resize.*": "tf_crop_and_resize",
    r"test_resize_.*half_pixel_symmetric": "half_pixel_symmetric where the size is not whole",
    r"test_resize_downsample_scales_(linear|cubic)_align_corners":
        "the suite aligns to the fractional size; ONNX Runtime and we to the whole one",
}

NUMPY_TYPES = {"f32": np.float32, "i64": np.int64, "i32": np.int32, "i16": np.int16, "i8": np.int8, "u8": np.uint8,
               "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_}


def pattern_left_out(name):
    return next((pattern for pattern in LEFT_OUT if re.fullmatch(pattern, name)), None)


def is_supported(model):
    return all(node.domain in ("", "ai.onnx") and node.op_type in OPERATORS for node in model.graph.node)


def known_names(graph):
    """Names of graph inputs that nodes need at import, directly or through what is computed from them."""
    names = set()
    for node in reversed(graph.node):  # the suite's graphs are sorted
        derived = any(output in names for output in node.output) and node.op_type not in ("Shape", "Size")
        wanted = range(len(node.input)) if OPERATORS[node.op_type] or derived else KNOWN_INPUTS.get(node.op_type, [])
        names.update(node.input[i] for i in wanted if i < len(node.input))
    return names


def computed(array):
    """Every floating-point type is computed in float32."""
    return array.astype(np.float32) if array.dtype.kind == "f" or "float" in array.dtype.name else array


def load_tensors(folder, kind, infos):
    tensors = []
    for i, info in enumerate(infos):
        with open(os.path.join(folder, f"{kind}_{i}.pb"), "rb") as file:
            array = numpy_helper.to_array(onnx.load_tensor_from_string(file.read()))
        if info.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16 and array.dtype == np.uint16:
            array = (array.astype(np.uint32) << 16).view(np.float32)  # the suite stores them as their bits
        tensors.append(array)
    return tensors


def prepare(model, inputs, folder):
    """Writes the model with known inputs bound and every shape fixed, and the other inputs as files."""
    known = known_names(model.graph)
    feeds = []
    for info, array in zip(list(model.graph.input), inputs):
        if info.name in known:
            model.graph.initializer.append(numpy_helper.from_array(array, info.name))
            model.graph.input.remove(info)
            continue
        info.type.tensor_type.shape.CopyFrom(onnx.TensorShapeProto())
        for size in array.shape:
            info.type.tensor_type.shape.dim.add().dim_value = size
        feeds.append(array)
    for i, array in enumerate(feeds):
        computed(array).tofile(os.path.join(folder, f"input_{i}.bin"))
    onnx.save(model, os.path.join(folder, "model.onnx"))


def difference(expected, got, narrow):
    """Nothing if equal by the suite's own tolerance (looser for 16-bit floats, whose results are rounded to them)."""
    if expected.shape != got.shape:
        return f"shape {got.shape}, not {expected.shape}"
    if got.dtype.kind in "iub" and expected.dtype != got.dtype:
        return f"type {got.dtype}, not {expected.dtype}"
    want = computed(expected)
    if np.allclose(got, want, rtol=1e-2 if narrow else 1e-3, atol=1e-3 if narrow else 1e-6, equal_nan=True):
        return None
    return f"largest difference {np.max(np.abs(got.astype(np.float64) - want.astype(np.float64)))}"


def read_outputs(listing, folder):
    outputs = []
    for i, line in enumerate(listing.splitlines()):
        dtype, dims = re.fullmatch(r"output \d+ (\w+)\[(.*)\]", line).groups()
        shape = [int(d) for d in dims.split("x")] if dims else []
        outputs.append(np.fromfile(os.path.join(folder, f"output_{i}.bin"), NUMPY_TYPES[dtype]).reshape(shape))
    return outputs


def run_case(case, runner):
    """None if it passes, else what went wrong."""
    data = os.path.join(case.model_dir, "test_data_set_0")
    model = onnx.load(os.path.join(case.model_dir, "model.onnx"))
    inputs = load_tensors(data, "input", model.graph.input)
    expected = load_tensors(data, "output", model.graph.output)
    with tempfile.TemporaryDirectory() as folder:
        prepare(model, inputs, folder)
        done = subprocess.run([runner, os.path.join(folder, "model.onnx"), folder], capture_output=True, text=True,
                              timeout=60)
        if done.returncode != 0:
            return f"exit {done.returncode}: {done.stderr.strip().replace(folder, '')}"
        for i, (want, got) in enumerate(zip(expected, read_outputs(done.stdout, folder), strict=True)):
            narrow = model.graph.output[i].type.tensor_type.elem_type in (onnx.TensorProto.FLOAT16,
                                                                          onnx.TensorProto.BFLOAT16)
            if why := difference(want, got, narrow):
                return f"output {i}: {why}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runner", required=True)
    parser.add_argument("pattern", nargs="?", default=".*")
    arguments = parser.parse_args()
    cases = [case for case in load_model_tests(kind="node") if re.search(arguments.pattern, case.name)]
    cases = [case for case in cases if is_supported(onnx.load(os.path.join(case.model_dir, "model.onnx")))]

    def judge(case):
        try:
            return run_case(case, arguments.runner)
        except Exception as error:  # a broken case must not hide the others
            return f"{type(error).__name__}: {error}"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(zip(cases, pool.map(judge, cases)))
    left_out = failures = 0
    matched, missed = set(), set()
    for case, wrong in results:
        pattern = pattern_left_out(case.name)
        matched.add(pattern)
        if wrong and pattern:
            left_out += 1
            missed.add(pattern)
        elif wrong:
            failures += 1
            print(f"FAIL {case.name}: {wrong}")
    for pattern in sorted(matched - missed - {None}):
        failures += 1
        print(f"FAIL LEFT_OUT {pattern}: its tests pass, remove the line")
    passed = len(results) - left_out - failures
    print(f"{passed} of ONNX's node tests pass, {left_out} are left out, {failures} fail (onnx {onnx.__version__})")
    return 1 if failures or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
