"""--max-error: layers that ruin INT8 go back to fp32, on samples kept out of calibration; types by time, layer by layer."""
import collections

import numpy as np
import onnx
import pytest

import int8
import tool
from int8 import INT8, QUICK, outputs, save_samples
from onnx_writer import Writer

SHAPE = (1, 3, 24, 24)
RUINED = "conv_3"  # reads one channel that dwarfs the others
PLAIN = ("--skip-pass", "equalise")  # which mends this network by itself
LIMIT = 0.03
MEASURED = "the outputs' error (1 − cosine) is "

Ruined = collections.namedtuple("Ruined", "model samples")


def build(*arguments):
    return int8.build(*arguments, *PLAIN)


def ruined_network():
    """Six convolutions; before the fourth one channel is a thousand times the others, and its weights make up for it."""
    w = Writer("ruined", seed=7)
    x = w.input("x", list(SHAPE))
    for index in range(6):
        weight = w.he((16, w.channels[x], 3, 3), w.channels[x] * 9)
        weight -= weight.mean((1, 2, 3), keepdims=True)  # no common part, that would hide what is lost
        if index == 2:
            weight[0] *= 1000
        if index == 3:
            weight[:, 0] /= 1000
        x = w.relu(w.conv(x, 16, 3, weight=weight, b=w.small(16)))
    weight = w.he((4, 16, 1, 1), 16)
    weight -= weight.mean((1, 2, 3), keepdims=True)
    w.output(w.conv(x, 4, 1, weight=weight), "y", [1, 4, *SHAPE[2:]])
    return w.model()


def sample(seed):
    return np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)


@pytest.fixture(scope="module")
def ruined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ruined")
    onnx.save(ruined_network(), folder / "m.onnx")
    return Ruined(folder / "m.onnx", save_samples(folder / "samples", (sample(seed) for seed in range(12))))


def error_on_fresh_samples(ruined, plan, folder):
    """Mean of 1 − cosine over samples that no build saw."""
    fresh = {f"{seed}.npy": sample(seed) for seed in range(100, 108)}
    oracle = tool.oracle(ruined.model)
    got = tool.run_plan(plan, fresh, folder, ["y"])["y"]
    errors = []
    for name, x in fresh.items():
        y, r = (np.asarray(v, np.float64).ravel() for v in (got[name], oracle({"x": x})["y"]))
        errors.append(1 - y @ r / np.linalg.norm(y) / np.linalg.norm(r))
    return np.mean(errors)


def guarded(report):
    return {r["layer"]: r for r in report["reverted"] if "--max-error" in r["why"]}


@pytest.fixture(scope="module")
def mended(ruined, tmp_path_factory):
    """What the guard makes of it: report, plan, recipe, choices."""
    folder = tmp_path_factory.mktemp("mended")
    made = {name: folder / name for name in ("plan", "recipe", "choices")}
    report = build(ruined.model, made["plan"], "--calib", ruined.samples, "--calib-cache", made["recipe"],
                   "--max-error", LIMIT, "--log-tactics", made["choices"])
    return collections.namedtuple("Mended", "report plan recipe choices")(report, **made)


# --- the guard -------------------------------------------------------------------------------------------------------
def test_without_the_guard_the_network_is_ruined(ruined, tmp_path):
    report = build(ruined.model, tmp_path / "p", "--calib", ruined.samples)
    assert report["reverted"] == [] and not any(MEASURED in note for note in report["notes"])
    assert error_on_fresh_samples(ruined, tmp_path / "p", tmp_path) > 5 * LIMIT


def test_the_ruined_layer_goes_back_and_few_others(mended):
    layers = guarded(mended.report)
    assert RUINED in layers
    assert {r["from"] for r in layers.values()} == {"int8"} and {r["to"] for r in layers.values()} == {"fp32"}
    assert max(layers.values(), key=lambda r: r["gain_db"])["layer"] == RUINED
    assert layers[RUINED]["gain_db"] > 3
    kinds = {name: layer["precision"] for layer in mended.report["layers"] for name in layer["name"].split("+")}
    assert kinds[RUINED] == "fp32"
    assert [kinds[f"conv_{i}"] for i in range(6)].count("int8") >= 4


def test_the_error_holds_on_samples_that_no_build_saw(ruined, mended, tmp_path):
    (note,) = [note for note in mended.report["notes"] if note.startswith(MEASURED)]
    assert float(note.removeprefix(MEASURED).split()[0]) <= LIMIT
    assert "2 samples kept out of calibration" in note
    assert error_on_fresh_samples(ruined, mended.plan, tmp_path) <= LIMIT


def test_kept_samples_are_not_calibrated_with(ruined, mended, tmp_path):
    others = [sample(seed) for seed in sorted(range(12), key=str)]  # in the order in which files are read
    del others[9], others[4]
    folder = save_samples(tmp_path / "others", others)
    build(ruined.model, tmp_path / "p", "--calib", folder, "--calib-cache", tmp_path / "recipe")
    lines = lambda path: [line for line in path.read_text().splitlines() if not line.startswith("node ")]
    assert lines(tmp_path / "recipe") == lines(mended.recipe)


def test_recipe_has_what_was_reverted_and_alone_gives_the_same_plan(ruined, mended, tmp_path):
    assert f'node "{RUINED}" fp32 "for --max-error {LIMIT}' in mended.recipe.read_text()
    report = build(ruined.model, tmp_path / "p", "--calib-cache", mended.recipe)
    why = lambda r: {x["layer"]: x["why"] for x in r["reverted"]}
    assert why(report) == why(mended.report)
    made, read = (outputs(plan, ruined.samples, tmp_path / name) for plan, name in
                  ((mended.plan, "made"), (tmp_path / "p", "read")))
    assert made == read


def test_choices_alone_give_the_same_bytes(ruined, mended, tmp_path):
    report = tool.stretto_json("build", ruined.model, "-o", tmp_path / "p", *INT8, *PLAIN, "--calib", ruined.samples,
                               "--max-error", LIMIT, "--tactics", mended.choices, "--threads", 2)
    assert report["timed_tactics"] == 0
    assert tool.without_times(tmp_path / "p") == tool.without_times(mended.plan)


def test_a_loose_bound_reverts_nothing(ruined, tmp_path):
    report = build(ruined.model, tmp_path / "p", "--calib", ruined.samples, "--max-error", 1.5)
    assert report["reverted"] == [] and any(MEASURED in note for note in report["notes"])


def test_fewer_than_five_samples_serve_for_both(ruined, tmp_path):
    folder = save_samples(tmp_path / "few", [sample(seed) for seed in range(4)])
    report = build(ruined.model, tmp_path / "p", "--calib", folder, "--max-error", LIMIT)
    assert any("only 4 samples" in note for note in report["notes"])
    assert RUINED in guarded(report)


# --- a recipe or choices that are read are literal ---------------------------------------------------------------------
def test_a_read_recipe_is_measured_on_given_samples_and_not_changed(ruined, mended, tmp_path):
    build(ruined.model, tmp_path / "p", "--calib", ruined.samples, "--calib-cache", tmp_path / "ruined.recipe")
    given = ("--verify-input", ruined.samples, "--max-error", LIMIT)
    line = tool.refusal(1, "build", ruined.model, "-o", tmp_path / "q", *INT8, *QUICK, "--calib-cache",
                        tmp_path / "ruined.recipe", *given)
    assert "literal" in line and "--calib" in line and not (tmp_path / "q").exists()
    report = build(ruined.model, tmp_path / "q", "--calib-cache", mended.recipe, *given)
    assert any("12 samples" in note for note in report["notes"] if note.startswith(MEASURED))


def test_a_read_recipe_without_samples_is_wrong_usage(ruined, mended, tmp_path):
    line = tool.refusal(2, "build", ruined.model, "-o", tmp_path / "p", *INT8, *QUICK, "--calib-cache", mended.recipe,
                        "--max-error", LIMIT)
    assert "--verify-input" in line and not (tmp_path / "p").exists()


# --- what cannot be held -----------------------------------------------------------------------------------------------
def test_a_bound_that_not_even_fp32_holds_fails_and_leaves_nothing(ruined, tmp_path):
    line = tool.refusal(1, "build", ruined.model, "-o", tmp_path / "p", *INT8, *QUICK, "--calib", ruined.samples,
                        "--calib-cache", tmp_path / "recipe", "--max-error", 1e-300)
    assert "fp32 already" in line
    assert not (tmp_path / "p").exists() and not (tmp_path / "recipe").exists()


@pytest.mark.parametrize("arguments", (("--max-error", 0.1), ("--precision", "fp16", "--max-error", 0.1),
                                       ("--precision", "int8", "--calib", ".", "--max-error", 0)))
def test_contradictions_are_wrong_usage(arguments, ruined, tmp_path):
    assert "--max-error" in tool.refusal(2, "build", ruined.model, "-o", tmp_path / "p", *arguments)


def test_a_kept_sample_that_is_not_finite_is_refused(ruined, tmp_path):
    bad = sample(4)
    bad[0, 0, 0, 0] = np.nan
    folder = save_samples(tmp_path / "bad", [*(sample(seed) for seed in range(4)), bad])
    line = tool.refusal(2, "build", ruined.model, "-o", tmp_path / "p", *INT8, *QUICK, "--calib", folder, "--max-error", 1)
    assert "4.npy" in line


def test_half_precision_is_held_too(ruined, tmp_path):
    report = tool.stretto_json("build", ruined.model, "-o", tmp_path / "p", "--precision", "fp16", *QUICK,
                               "--verify-input", ruined.samples, "--max-error", LIMIT)
    assert any(note.startswith(MEASURED) for note in report["notes"])


# --- types by time -----------------------------------------------------------------------------------------------------
def test_types_by_time_rebuild_to_the_same_bytes(ruined, tmp_path, cache):
    common = ("build", ruined.model, "--precision", "int8", *PLAIN, "--calib", ruined.samples, "--threads", 2)
    report = tool.stretto_json(*common, "-o", tmp_path / "p", "--log-tactics", tmp_path / "choices", "--calib-cache",
                               tmp_path / "recipe", *cache)
    by_time = [r for r in report["reverted"] if "faster in fp32" in r["why"]]
    assert bool(by_time) == bool(report["reverted"]) and all(r["cost_ms"] <= 0 for r in by_time), report["reverted"]
    wide = {layer["name"] for layer in report["layers"] if layer["precision"] == "fp32" and "conv" in layer["name"]}
    named = {r["layer"] for r in report["reverted"]}
    assert all(set(name.split("+")) & named for name in wide if not name.startswith("reformat")), (wide, named)
    tool.stretto_json(*common, "-o", tmp_path / "q", "--tactics", tmp_path / "choices")
    assert tool.without_times(tmp_path / "p") == tool.without_times(tmp_path / "q")
    # The recipe says the same types.
    read = tool.stretto_json("build", ruined.model, "-o", tmp_path / "r", "--precision", "int8", "--threads", 2,
                             "--calib-cache", tmp_path / "recipe", *cache)
    assert {r["layer"] for r in read["reverted"]} == named and read["precision"] == report["precision"]


def test_guard_holds_with_types_by_time(ruined, tmp_path, cache):
    report = tool.stretto_json("build", ruined.model, "-o", tmp_path / "p", "--precision", "int8", *PLAIN, "--calib",
                               ruined.samples, "--threads", 2, "--max-error", LIMIT, *cache)
    assert error_on_fresh_samples(ruined, tmp_path / "p", tmp_path) <= LIMIT
    assert report["precision"] == "fp32" or RUINED in {r["layer"] for r in report["reverted"]}
