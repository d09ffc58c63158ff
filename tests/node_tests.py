"""ONNX's own backend tests of single operators, through the importer and the oracle.

    python tests/node_tests.py --runner build/release/bin/ref_runner [--write] [PATTERN]

Every test of PyPI's `onnx` whose operators are all in the importer's table runs, and passes or stands in LEFT_OUT with
the reason. Inputs that an operator needs at import (shapes, axes, scales) are bound as initialisers. A line of LEFT_OUT
none of whose tests fails any more is a failure too: the list stays true. docs/operators.md is generated from the table
and the list (`--write`); a page that says something else is a failure.
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

# Inputs that must be known at import, by operator; True: all of them.
KNOWN_INPUTS = {
    "AffineGrid": [1], "CenterCropPad": [1], "Compress": [1], "ConstantOfShape": [0], "ConvInteger": [1, 2, 3],
    "CumProd": [1], "CumSum": [1], "DequantizeLinear": [1, 2], "Dropout": [1, 2], "Expand": [1],
    "MatMulInteger": [1, 2, 3], "MaxUnpool": [2], "NonMaxSuppression": [2, 3, 4], "NonZero": True, "OneHot": [1],
    "Pad": [1, 2, 3], "QLinearConv": [1, 2, 3, 4, 5, 6, 7], "QLinearMatMul": [1, 2, 4, 5, 6, 7],
    "QuantizeLinear": [1, 2], "Range": True, "ReduceL1": [1], "ReduceL2": [1], "ReduceLogSum": [1],
    "ReduceLogSumExp": [1], "ReduceMax": [1], "ReduceMean": [1], "ReduceMin": [1], "ReduceProd": [1],
    "ReduceSum": [1], "ReduceSumSquare": [1], "Reshape": [1], "Resize": [1, 2, 3], "ReverseSequence": [1],
    "Slice": [1, 2, 3, 4], "Split": [1], "Squeeze": [1], "Tile": [1], "TopK": [1], "Trilu": [1], "Unsqueeze": [1],
    "Upsample": [1],
}

# Regular expression over test names → why its tests are not held to pass.
LEFT_OUT = {
    r"test_cast.*(FLOAT8|FLOAT4|INT4|STRING).*": "element types that Stretto has not",
    r"test_(equal_string|identity_(sequence|opt)).*": "strings, sequences and optionals",
    r"test_not_.d": "opset 1",
    r"test_tri[lu]_zero": "empty tensors are known at import or not at all",
    r"test_reduce_.*empty_set.*": "empty tensors are known at import or not at all",
    r"test_(reshape_allowzero_reordered|split_zero_size_splits_.*)": "empty tensors are known at import or not at all",
    r"test_(training_dropout|batchnorm_.*_training_mode|dropout_default_mask).*": "training",
    r"test_(de)?quantizelinear_(e4m3fn|e5m2|float4e2m1|u?int4).*": "element types that Stretto has not",
    r"test_(de)?quantizelinear_u?int16": "quantisation is to 8 bits",
    r"test_(de)?quantizelinear_blocked.*": "quantisation by blocks",
    r"test_qlinearmatmul_.D_int8_.*": "the suite's numbers wrap where ONNX Runtime and we saturate",
    r"test_resize_downsample_scales_(linear|cubic)_align_corners":
        "the suite aligns to the fractional size; ONNX Runtime and we to the whole one",
}

NUMPY_TYPES = {"f32": np.float32, "i64": np.int64, "i32": np.int32, "i16": np.int16, "i8": np.int8, "u8": np.uint8,
               "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_}


def pattern_left_out(name):
    return next((pattern for pattern in LEFT_OUT if re.fullmatch(pattern, name)), None)


def is_supported(model, operators):
    return all(node.domain in ("", "ai.onnx") and node.op_type in operators for node in model.graph.node)


def table(runner):
    """Rows of the importer's tables: (domain, operator, first opset, last, on constants alone)."""
    listing = subprocess.run([runner, "--operators"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [(domain, op, int(first), int(last), bool(rest)) for domain, op, first, last, *rest in rows]


REFUSED = {
    "If, Loop, Scan": "control flow",
    "Sequence…, Optional…, SplitToSequence, ConcatFromSequence": "sequences and optionals",
    "String…, RegexFullMatch, TfIdfVectorizer": "strings",
    "NonZero, Unique": "results whose shape depends on the data (NonZero of constants folds away; so does Compress by a "
                       "constant condition)",
    "RNN, LSTM, GRU, Attention, RotaryEmbedding": "not of convolutional networks",
    "DeformConv, Col2Im, Det": "not written yet",
    "DFT, STFT, MelWeightMatrix, …Window": "signal processing",
    "Random…, Bernoulli, Multinomial": "random numbers",
    "…Loss, Adagrad, Adam, Momentum": "training",
    "ai.onnx.ml::…": "classical machine learning",
    "ImageDecoder": "pictures are decoded by the tool, not in the network",
}


LIMITS = (
    "NonMaxSuppression gives room for all boxes; rows that the selection does not need are −1 and follow it. How many "
    "boxes to keep a class must be known.",
    "Indices of the data that lie outside are brought to the nearer end (Gather…); updates with such do nothing (Scatter…).",
    "RoiAlign takes at most 64 points along an axis of a bin, also where it counts them itself.",
    "Resize with antialias, exclude_outside, cropping or on other axes than two adjoining ones is a product with weights, "
    "axis by axis: an infinity in a line spoils the line.",
    "Quotients, powers and bounds of u64 are refused; narrower integers are computed in i32 or i64 and wrap.",
    "Functions without vector kernels (Erf, Gelu, Log, Mish, …) are computed in double by the C library, one element at a "
    "time.",
    "Empty tensors exist at import alone; inputs of a plan have elements.",
)


def page(rows, left_out):
    """docs/operators.md."""
    groups = {}
    for domain, op, first, last, constants in rows:
        groups.setdefault(domain, {}).setdefault(op, []).append((first, last, constants))
    newest = max(last for domain, _, _, last, _ in rows if domain == "ai.onnx")
    lines = ["# Operators", "",
             "Generated by `tests/node_tests.py --write` from the importer's table; `./test` fails if it is not up to",
             f"date. Opsets 7 to {newest} are read. Floating-point types are computed in float32 whatever the file",
             "says; integers keep their type. An operator that none of ours expresses is refused by name, all of them",
             "in one message.", ""]
    for domain, operators in groups.items():
        lines += [f"## `{domain}`", "", "| operator | opsets | |", "| --- | --- | --- |"]
        for op, entries in operators.items():
            spans = [f"{first}–{'' if last == newest else last}" if first != last else str(first)
                     for first, last, _ in entries]
            spans = [f"{entries[0][0]}–{'' if entries[-1][1] == newest else entries[-1][1]}"] if len(spans) > 1 else spans
            note = "on constants alone" if entries[0][2] else ""
            lines.append(f"| {op} | {spans[0]} | {note} |")
        lines.append("")
    lines += ["## Limits", ""] + [f"- {limit}" for limit in LIMITS] + ["", "## Refused", "", "| operators | why |", "| --- | --- |"]
    lines += [f"| {names} | {why} |" for names, why in REFUSED.items()]
    lines += ["", "## ONNX's own tests that are left out", "",
              f"Of the tests of single operators in PyPI's `onnx` {onnx.__version__} whose operators are in the table, all",
              "pass but these:", "", "| tests | why |", "| --- | --- |"]
    lines += ["| `" + pattern.replace("|", "\\|") + f"` | {why} |" for pattern, why in left_out.items()]
    return "\n".join(lines) + "\n"


def check_page(text, write):
    file = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "operators.md")
    if write:
        with open(file, "w", encoding="utf-8") as out:
            out.write(text)
        return True
    if not os.path.exists(file):
        return False
    with open(file, encoding="utf-8") as present:
        return present.read() == text


def known_names(graph):
    """Names of graph inputs that nodes need at import, directly or through what is computed from them."""
    names = set()
    for node in reversed(graph.node):  # the suite's graphs are sorted
        derived = any(output in names for output in node.output) and node.op_type not in ("Shape", "Size")
        known = KNOWN_INPUTS.get(node.op_type, [])
        wanted = range(len(node.input)) if known is True or derived else known
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
    trims = any(node.op_type == "NonMaxSuppression" for node in model.graph.node)
    with tempfile.TemporaryDirectory() as folder:
        prepare(model, inputs, folder)
        done = subprocess.run([runner, os.path.join(folder, "model.onnx"), folder], capture_output=True, text=True,
                              timeout=60)
        if done.returncode != 0:
            return f"exit {done.returncode}: {done.stderr.strip().replace(folder, '')}"
        for i, (want, got) in enumerate(zip(expected, read_outputs(done.stdout, folder), strict=True)):
            if trims:  # rows that the padded result does not need are -1
                got = got[got[:, 0] >= 0]
            narrow = model.graph.output[i].type.tensor_type.elem_type in (onnx.TensorProto.FLOAT16,
                                                                          onnx.TensorProto.BFLOAT16)
            if why := difference(want, got, narrow):
                return f"output {i}: {why}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runner", required=True)
    parser.add_argument("--write", action="store_true", help="write docs/operators.md anew")
    parser.add_argument("pattern", nargs="?", default=".*")
    arguments = parser.parse_args()
    cases = [case for case in load_model_tests(kind="node") if re.search(arguments.pattern, case.name)]
    rows = table(arguments.runner)
    operators = {op for domain, op, *_ in rows if domain == "ai.onnx"}
    cases = [case for case in cases
             if is_supported(onnx.load(os.path.join(case.model_dir, "model.onnx")), operators)]

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
    if not check_page(page(rows, LEFT_OUT), arguments.write):
        failures += 1
        print("FAIL docs/operators.md is out of date: run tests/node_tests.py with --write")
    passed = len(results) - left_out - failures
    print(f"{passed} of ONNX's node tests pass, {left_out} are left out, {failures} fail (onnx {onnx.__version__})")
    return 1 if failures or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
