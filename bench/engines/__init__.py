"""The engines that are measured: ours, and its peers, each loaded in the same way.

A peer is a file of this folder with `PACKAGE` (its name for pip), `NEEDS` (what it imports to run) and `load(file,
threads)`, which gives a function from {input: array} to {output: array}. Where it reads a format of its own,
`convert(model)` writes that file once beside the model (and `CONVERTER` is what that imports). Arithmetic is float32
except where the name says otherwise, and threads are what is asked for.
"""
import importlib
import importlib.metadata
import importlib.util

OURS = {"stretto": "fp32", "stretto-fp16": "fp16", "stretto-int8": "int8"}  # engine: precision of its plans

# engine: (file of this folder, further arguments of its load)
PEERS = {
    "onnxruntime": ("onnxruntime", {}),
    "onnxruntime-nospin": ("onnxruntime", {"spinning": False}),
    "openvino": ("openvino", {}),
    "ncnn": ("ncnn", {}),
    "MNN": ("mnn", {}),
    "torch": ("torch", {}),
    "onnxruntime-int8": ("onnxruntime", {}),
    "openvino-int8": ("openvino", {}),
}


def is_int8(engine):
    """A peer that is runs the network in Q/DQ form (quantised.py) in place of the network."""
    return engine.endswith("-int8")


# What is measured unless asked otherwise, by the precision of the question.
USUAL = {"fp32": ["stretto", "stretto-fp16", *(e for e in PEERS if "-" not in e)],
         "int8": ["stretto", *(e for e in (*OURS, *PEERS) if is_int8(e))]}


class Failed(Exception):
    """An engine that could not convert, load or run; one line that says why."""


def module(engine):
    return importlib.import_module(f"engines.{PEERS[engine][0]}")


def missing(engine):
    """The packages that this engine lacks here."""
    if engine in OURS:
        return []
    needed = module(engine).NEEDS + getattr(module(engine), "CONVERTER", [])
    needed = needed + (["onnxruntime", "ml_dtypes"] if is_int8(engine) else [])
    return [p for p in needed if importlib.util.find_spec(p) is None]


def version(engine):
    return f"{module(engine).PACKAGE} {importlib.metadata.version(module(engine).PACKAGE)}"


def prepare(engine, model):
    """The file that the engine loads: the model, or what its converter made of it."""
    peer = module(engine)
    return peer.convert(model) if hasattr(peer, "convert") else model


def load(engine, file, threads):
    return module(engine).load(file, threads, **PEERS[engine][1])
