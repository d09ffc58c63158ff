"""INT8 end to end: the same integers on every instruction set and number of threads; types, reports, other commands."""
import json
import re

import numpy as np
import onnx
import pytest

import models
import networks
import packages
import tool
from int8 import INT8, LEAKY_SHAPE, MIN_COSINE, QUICK, build, calibrated, leaky_network, outputs, refused

ISAS = ("avx2", "avx_vnni", "avx512", "avx512_vnni")
REAL = {"digits": (1, 1, 28, 28), "pupil_unet": (1, 1, 148, 148)}
NAMES = (*networks.NETWORKS, *REAL, "leaky")


def subject_of(name, folder):
    if name == "leaky":
        onnx.save(leaky_network(), folder / "leaky.onnx")
        return calibrated(name, folder / "leaky.onnx", LEAKY_SHAPE, folder)
    if name not in REAL:
        file, shape = folder / f"{name}.onnx", (1, 3, *networks.NETWORKS[name][3][0])
        onnx.save(networks.build(name, 1, shape[2:], 0.125, classes=20), file)
        return calibrated(name, file, shape, folder)
    try:
        return calibrated(name, models.path(name), REAL[name], folder)
    except packages.Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def subjects(tmp_path_factory):
    """A function from a network's name to what was made of it, once."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = subject_of(name, tmp_path_factory.mktemp(name))
        return made[name]
    return get


@pytest.fixture(scope="module")
def portable(subjects, tmp_path_factory):
    """A function from a network's name to the bytes that portable kernels give by its recipe."""
    made = {}

    def get(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(f"{name}-scalar")
            made[name] = outputs_on(subjects(name), "scalar", folder)
        return made[name]
    return get


def outputs_on(subject, isa, folder):
    """By the recipe, for this instruction set, with one thread and with two, which must agree."""
    plan = folder / f"{isa}.plan"
    done = tool.call("stretto", "build", subject.model, "-o", plan, *INT8, *QUICK, "--calib-cache", subject.recipe,
                     "--isa", isa, "--no-verify")
    if done.returncode == 1 and "this CPU has no" in done.stderr:
        pytest.skip(f"{isa}: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    one, two = (outputs(plan, subject.samples, folder / f"{isa}-{threads}", threads) for threads in (1, 2))
    assert one and one == two, f"{isa}: other bytes with two threads"
    return one


# --- the same integers -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_quantised_network_is_near_its_model(name, subjects, tmp_path):
    s = subjects(name)
    assert s.report["precision"] == "int8"
    x = networks.sample(name, s.shape, 9)
    expected = tool.oracle(s.model)({"x": x})
    got = tool.run_plan(s.plan, {"x.npy": x}, tmp_path, list(expected))
    for output, r in expected.items():
        y, r = got[output]["x.npy"].ravel().astype(np.float64), r.ravel().astype(np.float64)
        assert y @ r / np.linalg.norm(y) / np.linalg.norm(r) >= MIN_COSINE, output


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", NAMES)
def test_integers_are_the_same_on(name, isa, subjects, portable, tmp_path):
    """To the byte, of all outputs."""
    assert outputs_on(subjects(name), isa, tmp_path) == portable(name)


def test_reals_left_to_portable_kernels_are_noted(subjects):
    """SqueezeNet ends with a mean of reals; ResNet has integers alone."""
    noted = {name: [n for n in subjects(name).report["notes"] if "portable kernels" in n]
             for name in ("squeezenet1_1", "resnet18")}
    assert len(noted["squeezenet1_1"]) == 1 and noted["resnet18"] == []


@pytest.mark.parametrize("name", ("resnet18", "squeezenet1_1", "unet", "digits"))
def test_recipe_alone_gives_the_same_plan(name, subjects, tmp_path):
    s = subjects(name)
    report = build(s.model, tmp_path / "read.plan", "--calib-cache", s.recipe)
    assert report["quantization"] == s.report["quantization"]
    read, made = (outputs(p, s.samples, tmp_path / p.stem) for p in (tmp_path / "read.plan", s.plan))
    assert read == made


# --- types and reports -----------------------------------------------------------------------------------------------
def test_fastest_types_are_named(resnet, tmp_path, cache):
    report = tool.stretto_json("build", resnet.model, "-o", tmp_path / "p", "--precision", "int8", "--calib",
                               resnet.samples, "--threads", 2, *cache)
    assert report["precision"] in ("fp32", "int8")
    assert report["precision"] == "int8" or any("fp32" in note for note in report["notes"])
    kinds = {layer["precision"] for layer in report["layers"]}
    assert ("int8" in kinds) == (report["precision"] == "int8")
    assert tool.stretto_json("inspect", tmp_path / "p")["precision"] == report["precision"]


def test_report_says_how_values_are_quantised(resnet):
    report = resnet.report
    assert report["reverted"] == []
    assert {"int8"} <= {layer["precision"] for layer in report["layers"]}
    assert "x" in {q["tensor"] for q in report["quantization"]}
    for q in report["quantization"]:
        assert q["scale"] > 0 and 0 <= q["zero_point"] <= 255 and q["method"], q


@pytest.mark.parametrize("source", ("samples", "recipe"))
def test_layer_is_held_to_fp32_and_reported(source, resnet, tmp_path):
    given = ("--calib", resnet.samples) if source == "samples" else ("--calib-cache", resnet.recipe)
    before = resnet.recipe.read_bytes()
    report = build(resnet.model, tmp_path / "p", *given, "--layer", "conv_3=fp32")
    (reverted,) = [r for r in report["reverted"] if r["layer"] == "conv_3"]
    assert (reverted["from"], reverted["to"], reverted["why"]) == ("int8", "fp32", "as --layer asked")
    kinds = {name: layer["precision"] for layer in report["layers"] for name in layer["name"].split("+")}
    assert kinds["conv_3"] == "fp32" and kinds["conv_2"] == kinds["conv_4"] == "int8"
    assert "nosuch" in refused(resnet, tmp_path / "q", *given, "--layer", "nosuch=fp32")
    assert resnet.recipe.read_bytes() == before


def test_layer_held_to_fp32_stays_so_in_the_recipe_and_int8_overrides_it(resnet, tmp_path):
    recipe = tmp_path / "recipe"
    build(resnet.model, tmp_path / "p", "--calib", resnet.samples, "--calib-cache", recipe, "--layer", "conv_3=fp32")
    assert "conv_3" in {r["layer"] for r in build(resnet.model, tmp_path / "p", "--calib-cache", recipe)["reverted"]}
    report = build(resnet.model, tmp_path / "p", "--calib-cache", recipe, "--layer", "conv_3=int8")
    assert report["reverted"] == []


@pytest.mark.parametrize("name", ("resnet18", "mobilenet_v2", "digits"))
def test_rebuild_from_logged_tactics_gives_the_same_bytes(name, subjects, tmp_path):
    s = subjects(name)
    recipe = ("--calib-cache", s.recipe)
    log, first, second = (tmp_path / n for n in ("choices", "first", "second"))
    build(s.model, first, *recipe, "--log-tactics", log)
    report = tool.stretto_json("build", s.model, "-o", second, *INT8, *recipe, "--tactics", log, "--threads", 2)
    assert report["timed_tactics"] == 0 and report["precision"] == "int8"
    assert tool.without_times(first) == tool.without_times(second)


# --- the other commands ----------------------------------------------------------------------------------------------
def test_compare_shows_what_integers_stand_for(resnet):
    report = tool.stretto_json("compare", resnet.plan, resnet.model, "--input", resnet.samples)
    assert report["outputs"][0]["cosine"] >= MIN_COSINE
    cosines = {layer["name"]: layer["cosine"] for layer in report["layers"]}
    assert len(cosines) >= 15 and min(cosines.values()) >= 0.95, cosines
    assert max(cosines.values()) < 1, "values that were rounded are not exact"
    assert "SQNR" in tool.stretto("compare", resnet.plan, resnet.model)


def test_inspect_names_integers_and_scales(resnet):
    info = tool.stretto_json("inspect", resnet.plan)
    layers = info["programs"][0]["layers"]
    assert info["precision"] == "int8" and any("conv_integer" in layer["op"] for layer in layers)
    scales = info["details"]["scales"]
    for q in resnet.report["quantization"]:
        assert scales[q["tensor"]] == pytest.approx([q["scale"], q["zero_point"]], rel=1e-6)
    text = tool.stretto("inspect", resnet.plan)
    assert "conv_integer" in text and "int8" in text and "scales" not in text


def test_a_leaky_relu_costs_neither_a_table_nor_a_value(subjects):
    s = subjects("leaky")
    layers = tool.stretto_json("inspect", s.plan)["programs"][0]["layers"]
    slopes = [float(v) for layer in layers for v in re.findall(r"slope=([0-9.]+)", layer["problem"])]
    assert sorted(v for v in slopes if v != 1) == [0.1, 0.1, 0.25, 0.75]
    assert sum("lookup" in layer["op"] for layer in layers) == 1, "the one that follows bytes"


def test_bench_of_an_integer_plan(resnet):
    report = json.loads(tool.stretto("bench", resnet.plan, "--duration", 0.1, "--warmup", 0, "--layers", "--json"))
    assert report["precision"] == "int8" and report["iterations"] > 0
    assert "int8" in {layer["precision"] for layer in report["layers"]}


@pytest.mark.parametrize("name", ("resnet18", "leaky"))
def test_exported_network_says_the_same_in_onnx_runtime(name, subjects, tmp_path):
    s, exported = subjects(name), tmp_path / "qdq.onnx"
    build(s.model, tmp_path / "p", "--calib-cache", s.recipe, "--export-onnx", exported)
    reference = tool.oracle(exported)
    ours = outputs(tmp_path / "p", s.samples, tmp_path / "out")
    for sample in s.samples.iterdir():
        (name,) = [n for n in ours if n.endswith(sample.name) or sample.stem in n]
        y, (r,) = np.frombuffer(ours[name], np.float32), reference({"x": np.load(sample)}).values()
        cosine = float(y @ r.ravel() / (np.linalg.norm(y) * np.linalg.norm(r)))
        assert y.argmax() == r.argmax() and cosine > 0.999, (sample.name, cosine)
