"""The networks that PyPI's `onnx` carries, with constants for weights: they import, build and equal ONNX Runtime. Nothing
about accuracy follows from that."""
import pathlib

import numpy as np
import onnx
import onnx.backend.test
import pytest

import tool

LIGHT = pathlib.Path(onnx.backend.test.__file__).parent / "data" / "light"
# Of VGG-19 and AlexNet (half a gigabyte of constants, which the others' operators say nothing new about) only the import.
IMPORTED = ("light_vgg19", "light_bvlc_alexnet")
COMPUTED = ("light_densenet121", "light_inception_v1", "light_inception_v2", "light_resnet50", "light_shufflenet",
            "light_squeezenet", "light_zfnet512")


def test_every_graph_of_the_package_is_named_here():
    assert {f.stem for f in LIGHT.glob("*.onnx")} == set(IMPORTED + COMPUTED)


@pytest.mark.parametrize("name", IMPORTED)
def test_imports(name):
    tool.stretto("inspect", LIGHT / f"{name}.onnx")


@pytest.mark.parametrize("name", COMPUTED)
def test_equals_onnx_runtime(name, tmp_path, cache):
    file = LIGHT / f"{name}.onnx"
    graph = onnx.load(file).graph
    given = {tensor.name for tensor in graph.initializer}
    (source,) = [i for i in graph.input if i.name not in given]
    shape = [d.dim_value for d in source.type.tensor_type.shape.dim]
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    tool.stretto("build", file, "-o", tmp_path / "plan", *cache)
    expected = tool.oracle(file)({source.name: x})
    got = tool.run_plan(tmp_path / "plan", {"x.npy": x}, tmp_path, list(expected))
    for output, r in expected.items():
        tool.assert_close(f"{name}, {output}", got[output]["x.npy"], r)
