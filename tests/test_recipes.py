"""Recipes: made of samples, read, edited, damaged; samples that are no use."""
import re

import numpy as np
import onnx
import pytest

import networks
import tool
from int8 import MIN_COSINE, build, outputs, refused, save_samples


def test_recipe_depends_on_neither_threads_nor_instruction_set(resnet, tmp_path):
    for threads, isa in ((1, ()), (2, ("--isa", "scalar"))):
        recipe = tmp_path / f"{threads}.recipe"
        build(resnet.model, tmp_path / "p", "--calib", resnet.samples, "--calib-cache", recipe, *isa, threads=threads)
        assert recipe.read_bytes() == resnet.recipe.read_bytes(), (threads, isa)


def test_method_is_the_one_asked_for(resnet, tmp_path):
    report = build(resnet.model, tmp_path / "p", "--calib", resnet.samples, "--calib-cache", tmp_path / "recipe",
                   "--calib-method", "minmax")
    assert {q["method"] for q in report["quantization"]} == {"minmax"}
    observed = re.search(r'^value "x" scale (\S+) zero \d+ method minmax observed (\S+) (\S+) sqnr \S+$',
                         (tmp_path / "recipe").read_text(), re.MULTILINE)
    x = np.concatenate([np.load(f) for f in resnet.samples.iterdir()])
    scale, low, high = map(float, observed.groups())
    assert (low, high) == (x.min(), x.max()) and scale == pytest.approx((x.max() - x.min()) / 255, rel=0.02)


def test_recipe_of_another_model_is_refused(resnet, tmp_path):
    other = tmp_path / "other.onnx"
    onnx.save(networks.build("resnet18", 1, resnet.shape[2:], 0.125, classes=21), other)
    line = refused(resnet._replace(model=other), tmp_path / "p", "--calib-cache", resnet.recipe)
    assert "SHA-256" in line and "m.recipe" in line


def damaged(text):
    """Broken recipes and what the refusal names."""
    lines = text.splitlines()
    value = next(i for i, line in enumerate(lines) if line.startswith("value "))
    change = lambda at, old, new: "\n".join([*lines[:at], re.sub(old, new, lines[at], count=1), *lines[at + 1:]]) + "\n"
    yield text[:len(text) // 3], "recipe:"
    yield text.removesuffix("end\n"), "'end'"
    yield "", "'end'"
    yield "\0\1\2" * 50, "recipe"
    yield change(0, "1$", "7"), "version"
    yield change(value, r"scale \S+", "scale nan"), f"recipe:{value + 1}:"
    yield change(value, r"scale \S+", "scale 0"), f"recipe:{value + 1}:"
    yield change(value, r"zero \d+", "zero 256"), f"recipe:{value + 1}:"
    yield change(value, '"', '"no such '), "no such"
    yield text.replace("end\n", f"{lines[value]}\nend\n"), "twice"
    yield "\n".join(line for line in lines if not line.startswith('value "x"')) + "\n", '"x"'


def test_damaged_recipes_are_refused_with_a_reason(resnet, tmp_path):
    recipe = tmp_path / "bad.recipe"
    for text, named in damaged(resnet.recipe.read_text()):
        recipe.write_text(text)
        assert named in refused(resnet, tmp_path / "p", "--calib-cache", recipe)
        assert recipe.read_text() == text, "a recipe that is read is not written"


def test_recipe_cut_anywhere_never_crashes(resnet, tmp_path):
    whole, recipe = resnet.recipe.read_bytes(), tmp_path / "cut.recipe"
    for length in np.linspace(0, len(whole) - 2, 12, dtype=int):
        recipe.write_bytes(whole[:length])
        assert "cut.recipe" in refused(resnet, tmp_path / "p", "--calib-cache", recipe)


def test_edited_recipe_is_taken_literally(resnet, tmp_path):
    text = resnet.recipe.read_text()
    edited = re.sub(r'(?m)^value "x" scale \S+ zero \d+', 'value "x" scale 0.0625 zero 127', text)
    (tmp_path / "edited").write_text(edited)
    report = build(resnet.model, tmp_path / "p", "--calib-cache", tmp_path / "edited")
    (entry,) = [q for q in report["quantization"] if q["tensor"] == "x"]
    assert (entry["scale"], entry["zero_point"]) == (0.0625, 127)
    layers = tool.stretto_json("inspect", tmp_path / "p")["programs"][0]["layers"]
    assert any("scale=0.0625" in layer["problem"] and "zero=127" in layer["problem"] for layer in layers)
    other, usual = (outputs(p, resnet.samples, tmp_path / f"out-{p.name}") for p in (tmp_path / "p", resnet.plan))
    assert other != usual


# --- samples ---------------------------------------------------------------------------------------------------------
def bad_samples(shape):
    """{name: (arrays, what the refusal names)}"""
    x = networks.sample("bad", shape)
    hole, flood = x.copy(), x.copy()
    hole[0, 1, 2, 3], flood[0, 0, 0, 0] = np.nan, np.inf
    return {"empty": ([], "empty"), "wrong size": ([x, x[:, :, 1:]], "1.npy"), "nan": ([x, x, hole], "2.npy"),
            "infinite": ([flood], "0.npy"), "another type": ([x.astype(np.complex64)], "0.npy")}


@pytest.mark.parametrize("kind", bad_samples((1, 3, 32, 32)))
def test_bad_samples_are_refused_and_nothing_is_written(kind, resnet, tmp_path):
    arrays, named = bad_samples(resnet.shape)[kind]
    folder = save_samples(tmp_path / kind, arrays)
    assert named in refused(resnet, tmp_path / "p", "--calib", folder, "--calib-cache", tmp_path / "recipe")
    assert not (tmp_path / "recipe").exists()


def test_missing_folders_are_named_before_calibration(resnet, tmp_path):
    assert "gone" in refused(resnet, tmp_path / "p", "--calib", tmp_path / "gone")
    assert "gone" in refused(resnet, tmp_path / "p", "--calib-cache", tmp_path / "gone")
    line = refused(resnet, tmp_path / "p", "--calib", resnet.samples, "--calib-cache", tmp_path / "no" / "recipe")
    assert "no" in line and not (tmp_path / "no").exists()


def test_recipe_never_overwrites_the_model_or_the_plan(resnet, tmp_path):
    model = tmp_path / "m.onnx"
    model.write_bytes(resnet.model.read_bytes())
    refused(resnet._replace(model=model), tmp_path / "p", "--calib", resnet.samples, "--calib-cache", model)
    assert model.read_bytes() == resnet.model.read_bytes()
    refused(resnet, tmp_path / "p", "--calib", resnet.samples, "--calib-cache", tmp_path / "p")


def test_method_without_samples_is_wrong_usage(resnet, tmp_path):
    assert "--calib " in refused(resnet, tmp_path / "p", "--calib-cache", resnet.recipe, "--calib-method", "mse")


@pytest.mark.parametrize("kind", ("constant", "zero", "a channel of zeros"))
def test_samples_without_range_build(kind, resnet, tmp_path):
    x = {"constant": np.full(resnet.shape, 0.5, np.float32), "zero": np.zeros(resnet.shape, np.float32),
         "a channel of zeros": networks.sample("zeros", resnet.shape)}[kind]
    if kind == "a channel of zeros":
        x[:, 1] = 0
    report = build(resnet.model, tmp_path / "p", "--calib", save_samples(tmp_path / "samples", [x]))
    assert report["precision"] == "int8"
    expected = tool.oracle(resnet.model)({"x": x})["y"]
    got = tool.run_plan(tmp_path / "p", {"x.npy": x}, tmp_path, ["y"])["y"]["x.npy"]
    assert np.abs(got - expected).max() <= 0.2 * np.abs(expected).max()


def test_weights_without_range_build(resnet, tmp_path):
    model = onnx.load(resnet.model)
    for tensor in model.graph.initializer:
        if len(tensor.dims) == 4:
            weights = onnx.numpy_helper.to_array(tensor).copy()
            weights[0] = 0
            tensor.CopyFrom(onnx.numpy_helper.from_array(weights, tensor.name))
    onnx.save(model, tmp_path / "m.onnx")
    report = build(tmp_path / "m.onnx", tmp_path / "p", "--calib", resnet.samples)
    assert report["precision"] == "int8" and report["errors"][0]["cosine"] >= MIN_COSINE


