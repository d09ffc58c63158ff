"""ncnn, by way of pnnx, its converter. Both would halve weights and activations by themselves; here neither may."""
import pathlib
import subprocess
import sys
import tempfile

from engines import Failed
from engines.graph import graph_io

PACKAGE, NEEDS, CONVERTER = "ncnn", ["ncnn"], ["pnnx"]


def convert(model):
    """<model>.ncnn.param and .ncnn.bin; the former."""
    import importlib.util
    model = pathlib.Path(model)
    param, weights = model.with_suffix(".ncnn.param"), model.with_suffix(".ncnn.bin")
    if param.exists():
        return param
    pnnx = pathlib.Path(importlib.util.find_spec("pnnx").origin).parent / "pnnx"
    shapes = ",".join(str(list(shape)).replace(" ", "") for _, shape in graph_io(model)[0])
    with tempfile.TemporaryDirectory() as folder:  # pnnx writes a dozen files beside what it reads
        folder = pathlib.Path(folder)
        (folder / "model.onnx").symlink_to(model.resolve())
        done = subprocess.run([str(pnnx), "model.onnx", f"inputshape={shapes}", "fp16=0"], cwd=folder,
                              capture_output=True, text=True)
        made = folder / "model.ncnn.param", folder / "model.ncnn.bin"
        if done.returncode or not all(f.exists() for f in made):
            why = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
            raise Failed(f"pnnx cannot convert it: {why}")
        weights.write_bytes(made[1].read_bytes())
        param.write_bytes(made[0].read_bytes())
    return param


def load(param, threads):
    import ncnn
    param = pathlib.Path(param)
    inputs, outputs = graph_io(param.with_suffix("").with_suffix(".onnx"))
    if any(shape[0] != 1 for _, shape in inputs):
        raise Failed("ncnn takes one sample at a time")
    net = ncnn.Net()
    net.opt.num_threads = threads
    for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage"):
        setattr(net.opt, option, False)
    if net.load_param(str(param)) or net.load_model(str(param.with_suffix(".bin"))):
        raise Failed(f"ncnn cannot load {param.name}")

    def run(feeds):
        extractor = net.create_extractor()
        for number, (name, _) in enumerate(inputs):
            extractor.input(f"in{number}", ncnn.Mat(feeds[name][0]))
        results = {}
        for number, (name, shape) in enumerate(outputs):
            status, mat = extractor.extract(f"out{number}")
            if status:
                raise Failed(f"ncnn cannot compute {name}")
            results[name] = mat.numpy()[None].copy()  # what is seen ends with `mat`
        return results

    return run
