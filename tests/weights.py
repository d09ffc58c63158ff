"""Readers of weights as packages carry them: PyTorch's two file formats, Keras's HDF5, Darknet. Nothing is executed."""
import ast
import collections
import io
import pickle
import zipfile

import numpy as np

_STORAGES = {"FloatStorage": np.float32, "DoubleStorage": np.float64, "HalfStorage": np.float16,
             "LongStorage": np.int64, "IntStorage": np.int32, "ShortStorage": np.int16, "CharStorage": np.int8,
             "ByteStorage": np.uint8, "BoolStorage": np.bool_}


class _Tensor:
    """A strided view of a storage, resolved when the storages' bytes are known."""

    def __init__(self, storage, offset, shape, strides):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self, storages):
        flat = storages[self.storage]
        bytes_ = flat.itemsize
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.strides))
        if self.offset < 0 or min((*self.strides, 0)) < 0 or (0 not in self.shape and last >= flat.size):
            raise pickle.UnpicklingError("a tensor reaches outside its storage")
        view = np.lib.stride_tricks.as_strided(flat[self.offset:], self.shape, [s * bytes_ for s in self.strides])
        return view.copy()


def _rebuild_tensor(storage, offset, shape, strides, *_):
    return _Tensor(storage, offset, shape, strides)


def _rebuild_parameter(tensor, *_):
    return tensor


class _Unpickler(pickle.Unpickler):
    """Knows tensors, storages and ordered dictionaries; refuses every other name."""

    _known = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
        ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    }

    def __init__(self, file, storages):
        super().__init__(file, encoding="latin-1")
        self.storages = storages

    def find_class(self, module, name):
        if module == "torch" and name in _STORAGES:
            return name
        try:
            return self._known[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not data") from None

    def persistent_load(self, key):
        kind, storage, name, _, count = key[:5]
        if kind != "storage":
            raise pickle.UnpicklingError(f"unknown reference {kind!r}")
        self.storages[name] = (_STORAGES[storage], count)
        return name


def _resolve(value, storages):
    if isinstance(value, _Tensor):
        return value.array(storages)
    if isinstance(value, dict):
        return {k: _resolve(v, storages) for k, v in value.items()}
    return value


def pth(path):
    """A PyTorch checkpoint as nested dictionaries of arrays; both the zip and the older format."""
    wanted = {}
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as z:
            pickled = next(n for n in z.namelist() if n.endswith("/data.pkl"))
            tree = _Unpickler(io.BytesIO(z.read(pickled)), wanted).load()
            folder = pickled[:-len("data.pkl")] + "data/"
            storages = {k: np.frombuffer(z.read(folder + k), dtype)[:n] for k, (dtype, n) in wanted.items()}
        return _resolve(tree, storages)
    with open(path, "rb") as file:
        for _ in range(3):  # magic number, protocol, the writer's machine
            _Unpickler(file, {}).load()
        tree = _Unpickler(file, wanted).load()
        storages = {}
        for key in _Unpickler(file, {}).load():
            dtype, expected = wanted[key]
            count = int.from_bytes(file.read(8), "little")
            if count != expected:
                raise pickle.UnpicklingError(f"storage {key} has {count} elements, expected {expected}")
            storages[key] = np.frombuffer(file.read(count * np.dtype(dtype).itemsize), dtype)
    return _resolve(tree, storages)


def keras_h5(path):
    """Keras weights: {layer: [arrays in the layer's order]}, kernels as height, width, in, out."""
    import h5py
    layers = {}
    with h5py.File(path, "r") as file:
        root = file["model_weights"] if "model_weights" in file else file
        for layer in root:
            arrays = {}
            root[layer].visititems(lambda name, item: arrays.__setitem__(name, item[()])
                                   if isinstance(item, h5py.Dataset) else None)
            if arrays:
                layers[layer] = arrays
    return layers


def darknet_cfg(path):
    """[(section, {key: value})] of a Darknet configuration."""
    sections = []
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            sections.append((line.strip("[]"), {}))
        elif "=" in line:
            key, value = line.split("=", 1)
            sections[-1][1][key.strip()] = value.strip()
    return sections


def darknet_weights(path):
    """The floats behind the header of a Darknet weights file."""
    data = path.read_bytes()
    major, minor = np.frombuffer(data[:8], np.int32)
    return np.frombuffer(data[20 if major * 10 + minor >= 2 else 16:], np.float32)


def bytes_literal(path, name):
    """The value of `name = b"…"` in a Python file, which is parsed and not run."""
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", None) == name for t in node.targets):
            return ast.literal_eval(node.value)
    raise ValueError(f"{path}: no {name}")
