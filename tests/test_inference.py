"""The thesis's tool, flag for flag (its Appendix B)."""
import re

import numpy as np
import onnx
import pytest

import networks
import tool


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model, a folder of five samples, the samples."""
    folder = tmp_path_factory.mktemp("inference")
    model = folder / "m.onnx"
    onnx.save(networks.build("squeezenet1_1", "N", (67, 67), 0.25, classes=20), model)
    x = networks.sample("inference", (5, 3, 67, 67))
    (folder / "samples").mkdir()
    for i in range(5):
        (folder / "samples" / f"sample{i}.bin").write_bytes(x[i].tobytes())
    return model, folder / "samples", x


def inference(*arguments):
    done = tool.call("inference", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_outputs(files, folder):
    model, _, x = files
    expected = tool.oracle(model)({"x": x})["y"]
    assert sorted(f.name for f in folder.iterdir()) == [f"sample{i}.bin" for i in range(5)]
    for i in range(5):
        tool.assert_close(f"sample {i}", np.fromfile(folder / f"sample{i}.bin", np.float32), expected[i])


def test_file_and_plan_save_then_plan_alone_loads(files, tmp_path):
    model, samples, _ = files
    text = inference(f"--file={model}", f"--plan={tmp_path}/p.plan")
    assert (tmp_path / "p.plan").exists()
    assert "x" in text and "y" in text and re.search(r"(?i)memory|bytes|MiB|KiB", text)
    before = (tmp_path / "p.plan").read_bytes()
    text = inference(f"--plan={tmp_path}/p.plan", f"--dir={samples}", f"--output_dir={tmp_path}/out", "--batch=1",
                     "--iter=3", "--half")
    check_outputs(files, tmp_path / "out")
    assert (tmp_path / "p.plan").read_bytes() == before
    assert re.search(r"\b5\b", text), "the number of files"
    assert re.search(r"(?i)mean|average", text) and re.search(r"(?i)deviation|std|±", text)


def test_without_plan_it_builds_and_runs_in_memory(files, tmp_path):
    model, samples, _ = files
    inference(f"--file={model}", f"--dir={samples}", f"--output_dir={tmp_path}/out")
    check_outputs(files, tmp_path / "out")


def test_batches_of_single_samples(files):
    """Five files in batches of two: each file stays one sample."""
    model, samples, _ = files
    assert re.search(r"\b5\b", inference(f"--file={model}", f"--dir={samples}", "--batch=2"))


@pytest.mark.parametrize("arguments, status", (
    ((), 2), (("--plan=GONE",), 2), (("--file=GONE.onnx",), 2), (("--nonsense=1",), 2),
    (("--file=MODEL", "--dir=SAMPLES", "--output_dir=OUT", "--batch=2"), 2),
    (("--file=MODEL", "--dir=GONE"), 2), (("--file=MODEL", "--batch=0"), 2),
), ids=lambda a: " ".join(a) if isinstance(a, tuple) else "")
def test_wrong_usage(arguments, status, files, tmp_path):
    model, samples, _ = files
    for word, value in (("MODEL", model), ("SAMPLES", samples), ("OUT", tmp_path / "out"), ("GONE", tmp_path / "gone")):
        arguments = tuple(a.replace(word, str(value)) for a in arguments)
    tool.refusal(status, *arguments, program="inference")
    assert not (tmp_path / "out").exists()


def test_calibration_folder_turns_int8_on_and_its_recipe_does_alone(files, tmp_path):
    model, samples, x = files
    recipe, plan = tmp_path / "recipe", tmp_path / "p.plan"
    inference(f"--file={model}", f"--plan={plan}", f"--calibration_dir={samples}", f"--calibration={recipe}")
    assert recipe.read_text().startswith("stretto recipe ")
    precision = tool.stretto_json("inspect", plan)["precision"]
    assert precision in ("fp32", "int8")
    before = recipe.read_bytes()
    inference(f"--file={model}", f"--plan={plan}", f"--calibration={recipe}", f"--dir={samples}",
              f"--output_dir={tmp_path}/out")
    assert recipe.read_bytes() == before
    assert tool.stretto_json("inspect", plan)["precision"] == precision, "the recipe has the types that were timed"
    expected = tool.oracle(model)({"x": x})["y"]
    for i in range(5):
        y, r = np.fromfile(tmp_path / "out" / f"sample{i}.bin", np.float32).astype(np.float64), expected[i].ravel()
        cosine = y @ r / np.linalg.norm(y) / np.linalg.norm(r)
        assert cosine >= 0.98 and (cosine < 1 - 1e-9) == (precision == "int8")


@pytest.mark.parametrize("arguments", (
    ("--calibration=GONE",), ("--calibration_dir=GONE",), ("--calibration_dir=EMPTY", "--calibration=OUT"),
    ("--calibration_dir=SAMPLES", "--calibration=GONE/recipe"),
), ids=" ".join)
def test_calibration_that_cannot_be(arguments, files, tmp_path):
    model, samples, _ = files
    (tmp_path / "empty").mkdir()
    names = {"GONE": tmp_path / "gone", "EMPTY": tmp_path / "empty", "SAMPLES": samples, "OUT": tmp_path / "out"}
    for word, value in names.items():
        arguments = tuple(a.replace(word, str(value)) for a in arguments)
    tool.refusal(2, f"--file={model}", f"--plan={tmp_path}/p.plan", *arguments, program="inference")
    assert not (tmp_path / "p.plan").exists() and not (tmp_path / "out").exists() and not (tmp_path / "gone").exists()
