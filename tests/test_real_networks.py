"""Real weights, real pictures: accuracy where it is known, and ONNX Runtime's answers everywhere."""
import numpy as np
import onnx
import pytest
from PIL import Image, ImageDraw

import models
import packages
import pictures
import tool

RIGHT_OF_TWENTY = {"mobilenet_v2": 17, "efficientnet_lite0": 18, "squeezenet": 14}


def available(function, *arguments):
    try:
        return function(*arguments)
    except packages.Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def plans(tmp_path_factory, cache):
    """Builds a plan once for each model: plan(name, options…) → file."""
    folder, made = tmp_path_factory.mktemp("plans"), {}

    def plan(name, *options):
        if name not in made:
            file = folder / f"{name}.plan"
            tool.stretto("build", available(models.path, name), "-o", file, *options, *cache, timeout=600)
            made[name] = file
        return made[name]

    return plan


def classifier(plans, name):
    return plans(name, "--preprocess", pictures.PREPROCESS[name].spec())


@pytest.mark.parametrize("name", RIGHT_OF_TWENTY)
def test_foolbox_photographs(name, plans, tmp_path):
    """JPEG files go straight into the tool: it prepares them as Pillow does, and as many answers are right as are known
    to be."""
    photographs = available(pictures.foolbox)
    plan = classifier(plans, name)
    right = 0
    folder = tmp_path / "in"
    folder.mkdir()
    for file, _ in photographs:
        (folder / file.name).symlink_to(file)
    tool.stretto("run", plan, "--input", folder, "--output", tmp_path / "out")
    reference = tool.oracle(models.path(name))
    for file, label in photographs:
        y = np.fromfile(tmp_path / "out" / file.name, np.float32)
        r = reference({"x": pictures.PREPROCESS[name](Image.open(file))[None]})["y"][0]
        right += int(y.argmax() == label)
        tool.assert_close(file.name, y, r)
    assert right == RIGHT_OF_TWENTY[name]


@pytest.mark.parametrize("name", RIGHT_OF_TWENTY)
def test_objects_answers_are_onnx_runtimes(name, plans, tmp_path):
    rows = available(pictures.objects)
    plan = classifier(plans, name)
    prepare = pictures.PREPROCESS[name]
    x = {f"{i:03}": prepare(pictures.on_white(file)) for i, (file, _) in enumerate(rows)}
    got = tool.run_plan(plan, x, tmp_path, ["y"])["y"]
    reference = tool.oracle(models.path(name))
    for key, value in x.items():
        r = reference({"x": value[None]})["y"][0]
        assert got[key].argmax() == r.argmax(), rows[int(key)][0].name
        tool.assert_close(rows[int(key)][0].name, got[key], r)


def drawn_eye(size=148, seed=0):
    """A dark disc on a bright, noisy ground."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    disc = (rows - size * 0.45) ** 2 + (columns - size * 0.55) ** 2 < (size * 0.18) ** 2
    return np.clip(np.where(disc, 0.1, 0.6) + random.normal(0, 0.03, (size, size)), 0, 1).astype(np.float32)[None, None]


def photograph(size, mean=(0, 0, 0), order="rgb", scale=1.0):
    file, _ = available(pictures.foolbox)[0]
    prepare = pictures.Preprocess(size, size, mean, (1, 1, 1), scale, order)
    return prepare(Image.open(file))[None]


def text_line(height, width):
    """A few letters, as the networks for text take them: −1 to 1. (Without text a detector's answers are all near 0.)"""
    picture = Image.new("RGB", (80, 16), "white")
    ImageDraw.Draw(picture).text((6, 2), "Stretto 1234", fill="black")
    x = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 127.5 - 1
    return np.ascontiguousarray(x.transpose(2, 0, 1))[None]


CASES = {
    "retinaface": (("--shape", "input:1x3x320x320"), lambda: photograph(320, (104, 117, 123), "bgr")),
    "yolov3_tiny": ((), lambda: photograph(416, scale=1 / 255)),
    "pupil_unet": ((), drawn_eye),
    "text_detector": (("--shape", "x:1x3x160x224"), lambda: text_line(160, 224)),
    "text_classifier": (("--shape", "x:1x3x48x192"), lambda: text_line(48, 192)),
    "text_recogniser": (("--shape", "x:1x3x48x160"), lambda: text_line(48, 160)),
    "digits": ((), lambda: ((drawn_eye(28) - 0.1307) / 0.3081).astype(np.float32)),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_onnx_runtime(name, plans, tmp_path):
    options, make = CASES[name]
    file = available(models.path, name)
    x = make()
    expected = tool.oracle(file)({onnx.load(file).graph.input[0].name: x})
    got = tool.run_plan(plans(name, *options), {"x.npy": x}, tmp_path, list(expected))
    for output, r in expected.items():
        tool.assert_close(f"{name}, {output}", got[output]["x.npy"], r)
