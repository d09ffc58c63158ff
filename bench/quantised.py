"""The Q/DQ form of a network, as ONNX Runtime's own tools make it: what its users and OpenVINO's would run in INT8.

Weights are i8 with a scale an output channel, activations u8 with a scale and zero point a tensor, ranges the least and
greatest over the samples. Normalisations are folded first, as its documentation asks.
"""
import contextlib
import io
import logging
import pathlib
import tempfile

import numpy as np


def qdq(model, samples):
    """<model>.qdq.onnx beside the model, written once from the .npy files of the folder `samples` (input "x")."""
    model = pathlib.Path(model)
    file = model.with_suffix(".qdq.onnx")
    if not file.exists():
        with tempfile.TemporaryDirectory() as folder:
            partial = pathlib.Path(folder) / "quantised.onnx"
            _quantise(model, partial, sorted(pathlib.Path(samples).glob("*.npy")), pathlib.Path(folder))
            moved = file.with_suffix(".partial")
            moved.write_bytes(partial.read_bytes())
            moved.rename(file)
    return file


def _quantise(model, file, samples, folder):
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.rest = iter(samples)

        def get_next(self):
            sample = next(self.rest, None)
            return None if sample is None else {"x": np.load(sample)}

    prepared, level = folder / "prepared.onnx", logging.root.level
    logging.root.setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()):
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(prepared), str(file), Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    logging.root.setLevel(level)
