"""PyTorch as most use it: eager, in inference mode. onnx2torch gives it the very weights that the others have."""
import pathlib

from engines.graph import graph_io

PACKAGE, NEEDS = "torch", ["torch", "onnx2torch"]


def convert(model):
    """<model>.pt"""
    file = pathlib.Path(model).with_suffix(".pt")
    if not file.exists():
        import onnx2torch
        import torch
        partial = file.with_suffix(".pt.partial")
        torch.save(onnx2torch.convert(str(model)).eval(), partial)
        partial.rename(file)
    return file


def load(file, threads):
    import torch
    torch.set_num_threads(threads)
    inputs, outputs = graph_io(pathlib.Path(file).with_suffix(".onnx"))
    net = torch.load(file, weights_only=False)

    def run(feeds):
        with torch.inference_mode():
            results = net(*[torch.from_numpy(feeds[name]) for name, _ in inputs])
        results = results if isinstance(results, (tuple, list)) else [results]
        return {name: result.numpy() for (name, _), result in zip(outputs, results)}

    return run
