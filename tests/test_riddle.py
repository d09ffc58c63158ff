"""An INT8 collapse of a U-Net: one scale for a skip connection's unequal channels (docs/why-int8-fails.md)."""
import pathlib

import numpy as np
import onnx
import pytest

import packages
import scenes
import tool
import unequal
from int8 import QUICK, build, plain_rounding, save_samples

MODEL = pathlib.Path(__file__).parent / "data" / "scene_unet.onnx"
GUILTY = "down2b_relu_0"


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """{name: (model, FP32's scores)}, the folder of test scenes, the folder of calibration, the test scenes."""
    try:
        material = scenes.material("train")
    except packages.Unavailable as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("riddle")
    tests, calibration = (scenes.scenes(material, seed, count)[0] for seed, count in ((2, 6), (3, 10)))
    arrays = lambda pictures: [scenes.network_input(p) for p in pictures]
    save_samples(folder / "test", arrays(tests))
    save_samples(folder / "calibration", arrays(calibration))
    models = {"as trained": MODEL, "unequal": folder / "unequal.onnx"}
    onnx.save(unequal.unequal(onnx.load(MODEL), GUILTY, unequal.powers_of_two(64, 6.6)), models["unequal"])
    made = {}
    for name, model in models.items():
        tool.stretto("build", model, "-o", folder / "fp32.plan", *QUICK, "--no-verify")
        made[name] = model, answers(folder / "fp32.plan", folder)
    return made, folder


def answers(plan, folder):
    out = folder / f"out-{plan.stem}"
    tool.stretto("run", plan, "--input", folder / "test", "--output", out)
    return np.concatenate([np.load(out / f"{i}.npy") for i in range(6)])


def quantised(networks, name, tmp_path, *options):
    """SQNR in dB, the share of pixels of FP32's class, the report."""
    made, folder = networks
    model, reference = made[name]
    plan = tmp_path / "int8.plan"
    report = build(model, plan, "--no-verify", "--calib", folder / "calibration", *options)
    y = answers(plan, folder)
    return (10 * np.log10((reference ** 2).sum() / ((reference - y) ** 2).sum()),
            (y.argmax(1) == reference.argmax(1)).mean(), report)


def test_unequal_channels_compute_the_same_bits(networks):
    made, _ = networks
    assert (made["as trained"][1] == made["unequal"][1]).all()


def test_network_as_trained_survives_int8(networks, tmp_path):
    sqnr, same, _ = quantised(networks, "as trained", tmp_path, *plain_rounding())
    assert sqnr > 25 and same > 0.98


def test_unequal_channels_collapse_in_int8(networks, tmp_path):
    sqnr, same, _ = quantised(networks, "unequal", tmp_path, *plain_rounding())
    assert sqnr < 12 and same < 0.93


def test_explanation_names_layers_and_cause(networks, tmp_path):
    _, _, report = quantised(networks, "unequal", tmp_path, *plain_rounding(), "--explain")
    layers = report["explain"]["layers"]
    named = {l["value"] for l in layers if any(c["cause"] == "dwarfing_channel" for c in l["causes"])}
    assert GUILTY in named
    first = sorted((l for l in layers if l["share"] is not None), key=lambda l: -l["share"])[:3]
    assert {GUILTY} & {l["value"] for l in first}, [(l["layer"], l["share"]) for l in first]


def test_guard_mends_it_and_leaves_the_rest_in_int8(networks, tmp_path):
    sqnr, same, report = quantised(networks, "unequal", tmp_path, *plain_rounding(), "--max-error", 1e-3)
    reverted = {r["layer"] for r in report["reverted"]}
    assert {"down3a_0", "join2a_0"} <= reverted and len(reverted) <= 8, reverted
    assert sqnr > 25 and same > 0.98


def test_equalisation_mends_it(networks, tmp_path):
    sqnr, same, _ = quantised(networks, "unequal", tmp_path)
    assert sqnr > 20 and same > 0.97
