"""build(): options as Python has them, for the builder as C++ has it."""
from __future__ import annotations

import os
import pathlib
import tempfile
from typing import Callable, Iterable, Mapping, Sequence, Union

from . import _native

Path = Union[str, "os.PathLike[str]"]
Samples = Union[Path, Iterable[object], Iterable[Mapping[str, object]]]


def _write_samples(samples, folder: pathlib.Path) -> None:
    """Arrays as .npy files, as the builder reads them: FOLDER/<number>.npy, or FOLDER/<input>/<number>.npy."""
    import numpy as np

    count = 0
    for number, sample in enumerate(samples):
        named = sample if isinstance(sample, Mapping) else {"": sample}
        for name, array in named.items():
            place = folder / name if len(named) > 1 else folder
            place.mkdir(exist_ok=True)
            np.save(place / f"{number:06}.npy", np.ascontiguousarray(np.asarray(array)))
        count += 1
    if not count:
        raise _native.UsageError("calibration holds no samples: give some, as arrays or as a folder")


def build(
    model: Path,
    *,
    precision: str | Sequence[str] = "fp32",
    types: str = "fastest",
    calibration: Samples | None = None,
    calibration_cache: Path = "",
    calibration_method: str = "",
    layer_types: Mapping[str, str] | None = None,
    max_error: float = 0,
    explain: bool = False,
    export_onnx: Path = "",
    device: str = "cpu",
    shapes: Mapping[str, Sequence[int]] | Sequence[Mapping[str, Sequence[int]]] = (),
    batch: int = 0,
    isa: str = "",
    threads: int = 0,
    time_budget_s: float = 120,
    memory_limit_bytes: int = 0,
    selection: str = "measure",
    force_tactics: Sequence[str] = (),
    skip_passes: Sequence[str] = (),
    list_tactics: bool = False,
    tactic_cache: Path = "",
    log_tactics: Path = "",
    tactics: Path = "",
    preprocess: str = "",
    verify_input: Path = "",
    verify: bool = True,
    progress: Callable[[_native.Progress], object] | None = None,
) -> _native.Engine:
    """Optimises an ONNX model for this machine, by timing, and checks the result.

    Returns an Engine that runs at once; its save() writes the plan, its report says what was found.

    precision: what the builder may use beside fp32: "fp16", "int8", or several of them.
    types: "fastest", by timing; "obey", the narrowest type wherever it can be.
    calibration: samples for int8: a folder (raw float32, .npy, pictures), or arrays, each one sample or a whole input
        tensor; for a network with several inputs dicts from names to arrays. calibration_cache is the recipe: written
        with calibration, read without.
    max_error: bound on 1 − cosine of the worst output; layers go back to fp32 until it holds. 0: none.
    layer_types: forced types by layer, {"conv1": "fp32"}.
    shapes: dimensions by input, {"x": (1, 3, 224, 224)}; a list of such dicts gives one plan with several sets of
        shapes. batch: the first dimension of every input.
    threads: 0 is the CPUs this process may use. time_budget_s: seconds for timing. memory_limit_bytes: of activations and
        workspace. isa: pretend a smaller CPU ("avx2").
    preprocess: how pictures become inputs, kept in the plan: "imagenet", or "resize=256,crop=224,…".
    progress: called a few times a second, from the thread that builds; what it raises ends the build, as Ctrl-C does.
    The rest is as `stretto build --help` says.

    Raises InputError (the model is missing or damaged), UsageError (options contradict each other or the model), Error
    (unsupported operators, a check that is not met); KeyboardInterrupt ends a build within moments.
    """
    options: dict[str, object] = {
        "precision": precision.split(",") if isinstance(precision, str) else list(precision),
        "layer_types": list((layer_types or {}).items()),
        "shapes": [[(name, list(dims)) for name, dims in one.items()]
                   for one in ([shapes] if isinstance(shapes, Mapping) else shapes)],
        "max_error": float(max_error), "time_budget_s": float(time_budget_s),
        "force_tactics": list(force_tactics), "skip_passes": list(skip_passes), "explain": explain, "device": device,
        "batch": batch, "isa": isa, "threads": threads, "memory_limit_bytes": memory_limit_bytes, "selection": selection,
        "list_tactics": list_tactics, "preprocess": preprocess, "verify": verify,
        "calibration_method": calibration_method,
    }
    if types not in ("fastest", "obey"):
        raise _native.UsageError(f"types '{types}' is not known: give fastest or obey")
    options["obey_types"] = types == "obey"
    for name, path in (("calibration_cache", calibration_cache), ("export_onnx", export_onnx),
                       ("tactic_cache", tactic_cache), ("log_tactics", log_tactics), ("tactics", tactics),
                       ("verify_input", verify_input)):
        options[name] = os.fspath(path)
    if calibration is None or isinstance(calibration, (str, os.PathLike)):
        options["calibration"] = os.fspath(calibration or "")
        return _native.build(os.fspath(model), options, progress)
    with tempfile.TemporaryDirectory(prefix="stretto-samples-") as folder:
        _write_samples(calibration, pathlib.Path(folder))
        options["calibration"] = folder
        return _native.build(os.fspath(model), options, progress)
