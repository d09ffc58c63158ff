"""The examples run, and say what is so."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import pytest
from PIL import Image

import models
import networks
import packages
import pictures
import tool

pytest.importorskip("stretto", reason="the Python module is not built: cmake --preset release -DSTRETTO_PYTHON=ON")
EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


def run(command, tmp_path):
    """stdout of an example; timings of its build are kept apart."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
    return done.stdout


def python(name, *arguments, tmp_path):
    return run([sys.executable, EXAMPLES / name, *arguments], tmp_path)


def carried(function, *arguments):
    try:
        return function(*arguments)
    except packages.Unavailable as error:
        pytest.skip(str(error))


def test_camera_counts_every_frame(small, tmp_path):
    out = run([tool.BIN / "example_camera", small[1], 100, 20], tmp_path)
    assert out.startswith("20 frames at 100 Hz: ") and "missed" in out


def test_batch_folder_gives_the_largest_class_of_each(tmp_path):
    model, folder = tmp_path / "m.onnx", tmp_path / "in"
    onnx.save(networks.build("squeezenet1_1", "N", (67, 67), 0.25, classes=20), model)
    folder.mkdir()
    oracle, expected = tool.oracle(model), []
    for i in range(5):
        x = networks.sample("squeezenet1_1", (1, 3, 67, 67), i)
        np.save(folder / f"{i}.npy", x)
        expected.append(f"{i}.npy {oracle({'x': x})['y'].argmax()}")
    assert run([tool.BIN / "example_batch_folder", model, folder, 2], tmp_path).splitlines() == expected


def test_classify_names_what_is_there(tmp_path):
    model, (photograph, label) = carried(models.path, "squeezenet"), carried(pictures.foolbox)[0]
    out = python("classify.py", model, photograph, "--preprocess", pictures.PREPROCESS["squeezenet"].spec(),
                 tmp_path=tmp_path)
    best = [int(line.split()[1]) for line in out.splitlines()]
    r = tool.oracle(model)({"x": pictures.PREPROCESS["squeezenet"](Image.open(photograph))[None]})["y"][0]
    assert best == np.argsort(-r)[:5].tolist()
    assert label in best


def has_face(network, picture):
    """By ONNX Runtime, on the picture at the upper left of a black square."""
    square = Image.new("RGB", (320, 320))
    square.paste(picture)
    x = np.asarray(square, np.float32)[..., ::-1] - np.array([104, 117, 123], np.float32)
    return network({"input": np.ascontiguousarray(x.transpose(2, 0, 1)[None])})["conf"][0, :, 1].max() > 0.9


def test_detect_finds_a_face(tmp_path):
    model = carried(models.path, "retinaface")
    network, small_paintings = tool.oracle(model), [p.copy() for p in carried(pictures.paintings)]
    for painting in small_paintings:
        painting.thumbnail((320, 320))
    portrait = next(p for p in small_paintings if has_face(network, p))
    portrait.save(tmp_path / "in.png")
    out = python("detect.py", model, tmp_path / "in.png", tmp_path / "out.png", "--size", 320, tmp_path=tmp_path)
    scores = []
    for line in out.splitlines():
        score, x0, y0, x1, y1 = map(float, line.split())
        assert 0.5 < score <= 1 and 0 <= x0 < x1 <= 320 and 0 <= y0 < y1 <= 320
        scores.append(score)
    assert max(scores) > 0.9
    assert Image.open(tmp_path / "out.png").size == portrait.size


def test_segment_finds_the_pupil(tmp_path):
    model, size = carried(models.path, "pupil_unet"), 148
    rows, columns = np.mgrid[:size, :size]
    pupil = (rows - 70) ** 2 + (columns - 80) ** 2 < 22**2
    iris = (rows - 70) ** 2 + (columns - 80) ** 2 < 50**2
    eye = np.where(pupil, 25, np.where(iris, 80, 165)) + np.random.default_rng(0).normal(0, 4, (size, size))
    Image.fromarray(np.clip(eye, 0, 255).astype(np.uint8)).save(tmp_path / "eye.png")
    out = python("segment.py", model, tmp_path / "eye.png", tmp_path / "mask.png", tmp_path=tmp_path)
    mask = np.asarray(Image.open(tmp_path / "mask.png")) > 0
    assert (mask & pupil).sum() / (mask | pupil).sum() > 0.8
    assert out.startswith("pupil: ")
