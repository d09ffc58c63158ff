"""Stretto: optimises trained convolutional networks for the machine they run on, and runs them.

    import stretto
    engine = stretto.build("model.onnx")             # or stretto.load("model.plan")
    y = engine(x)["y"]                               # NumPy or any DLPack tensor in, NumPy out, no copy
"""
from ._build import build
from ._native import (Context, Detector, Engine, Error, InputError, Pending, Progress, TensorInfo, UsageError)
from ._native import load as _load

__all__ = ["Context", "Detector", "Engine", "Error", "InputError", "Pending", "Progress", "TensorInfo", "UsageError", "build",
           "load"]

for _name in __all__[:-2]:
    globals()[_name].__module__ = __name__


def load(path, *, check_weights: bool = False) -> Engine:
    """Opens a plan (a path): the file is mapped, weights are not copied.

    check_weights reads them all and compares their checksum. InputError: there is no such file, or it is damaged; Error:
    it needs another machine.
    """
    import os
    return _load(os.fspath(path), check_weights=check_weights)
