"""What the end-to-end tests share: the built tool, one cache of timings, small models built once."""
import pathlib
import sys

import onnx
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import int8  # noqa: E402
import networks  # noqa: E402
import tool  # noqa: E402

sys.path.insert(0, str(tool.BIN.parent / "python"))  # the package as the build tree has it


def pytest_collection_modifyitems(items):
    """What needs the tool fails early and in one line where it is not built."""
    if not (tool.BIN / "stretto").exists() and any("tree" not in item.path.stem for item in items):
        pytest.exit(f"{tool.BIN}/stretto is not built: cmake --preset release && cmake --build --preset release", 1)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Options of a build that keeps its timings within this run."""
    return ("--tactic-cache", tmp_path_factory.mktemp("timings") / "tactics.cache", "--time-budget", 3)


@pytest.fixture(scope="session")
def small(tmp_path_factory, cache):
    """One small network and its plan: what tests of the tool itself work on."""
    folder = tmp_path_factory.mktemp("small")
    model, plan = folder / "squeezenet.onnx", folder / "squeezenet.plan"
    onnx.save(networks.build("squeezenet1_1", 1, (67, 67), 0.25, classes=20), model)
    tool.stretto("build", model, "-o", plan, *cache)
    return model, plan


@pytest.fixture(scope="session")
def resnet(tmp_path_factory):
    """A small network calibrated for INT8: what tests of quantisation work on."""
    folder, shape = tmp_path_factory.mktemp("resnet"), (1, 3, 32, 32)
    onnx.save(networks.build("resnet18", 1, shape[2:], 0.125, classes=20), folder / "m.onnx")
    return int8.calibrated("resnet18", folder / "m.onnx", shape, folder)
