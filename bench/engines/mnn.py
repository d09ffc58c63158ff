"""MNN with float32 throughout (precision high: `normal` may compute in less).

The converter is called as the function it is: the package's command `mnnconvert` installs a package and reports to its
makers before it converts.
"""
import pathlib

from engines import Failed
from engines.graph import graph_io

PACKAGE, NEEDS = "MNN", ["MNN"]


def convert(model):
    """<model>.mnn"""
    import _tools
    model = pathlib.Path(model)
    file, partial = model.with_suffix(".mnn"), model.with_suffix(".mnn.partial")
    if not file.exists():
        _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", str(model), "--MNNModel", str(partial),
                           "--bizCode", "bench"])
        if not partial.exists():
            raise Failed("MNN's converter wrote nothing")
        partial.rename(file)
    return file


def load(file, threads):
    import MNN
    inputs, outputs = graph_io(pathlib.Path(file).with_suffix(".onnx"))
    net = MNN.nn.load_module_from_file(
        str(file), [name for name, _ in inputs], [name for name, _ in outputs], thread_num=threads,
        backend=MNN.expr.Backend.CPU, precision_mode=MNN.expr.PrecisionMode.High, shape_mutable=False)
    variables = [MNN.expr.placeholder(list(shape), MNN.expr.NCHW, MNN.expr.float) for _, shape in inputs]

    def run(feeds):
        for variable, (name, _) in zip(variables, inputs):
            variable.write(feeds[name])
        results = {}
        for (name, shape), result in zip(outputs, net.forward(variables)):
            plain = MNN.expr.convert(result, MNN.expr.NCHW)
            results[name] = plain.read().reshape(shape).copy()  # what is read ends with `plain`
        return results

    return run
