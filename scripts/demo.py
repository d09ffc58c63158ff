"""The main job on real data: MobileNet V2 with its ImageNet weights, twenty photographs, a plan in FP32 and one in INT8.

Called by ./demo. Downloads the network and the pictures (packages that carry them), builds plans that take JPEG and PNG
files directly, prints the best classes of each photograph by both, and times them beside ONNX Runtime in the same rounds.
"""
import json
import pathlib
import subprocess
import sys
import types

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import accuracy_sets  # noqa: E402
import engines  # noqa: E402
import measure  # noqa: E402
import models  # noqa: E402
import packages  # noqa: E402
import pictures  # noqa: E402
import tool  # noqa: E402
from PIL import Image  # noqa: E402

NETWORK = "mobilenet_v2"
FOLDER = ROOT / ".cache" / "demo"
THREADS = 2
ENGINES = {"stretto": "FP32", "stretto-int8": "INT8"}


def show(*arguments):
    """Runs stretto as a person would, in the open."""
    words = [str(a) for a in arguments]
    print("$ stretto " + " ".join(w.replace(f"{ROOT}/", "") for w in words), flush=True)
    done = subprocess.run([str(measure.BIN / "stretto"), *words])
    if done.returncode:
        raise engines.Failed(f"stretto {words[0]} ended with status {done.returncode}")


def lay_out(photographs):
    """A folder of the photographs, one of them as PNG."""
    folder = FOLDER / "photographs"
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, (file, label) in enumerate(photographs):
        target = folder / (file.name if number else file.with_suffix(".png").name)
        if not target.exists():
            if number:
                target.write_bytes(file.read_bytes())
            else:
                Image.open(file).convert("RGB").save(target)
        files.append((target, label))
    return folder, files


def calibration_pictures():
    """A folder of other pictures to take the ranges of INT8 from: photographed things, cut out, on white."""
    folder = FOLDER / "calibration"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        partial.mkdir(parents=True, exist_ok=True)
        for file in accuracy_sets.cutouts():
            pictures.on_white(file).save(partial / file.name)
        partial.rename(folder)
    return folder


def softmax(values):
    e = np.exp(values - values.max())
    return e / e.sum()


def probabilities(file, outputs):
    return softmax(np.fromfile(outputs / file.name, np.float32).astype(np.float64))


def print_classes(files, outputs, names):
    """The three best classes in FP32, and what INT8 gives them."""
    right = dict.fromkeys(ENGINES, 0)
    same = 0
    for file, label in files:
        wide, narrow = (probabilities(file, outputs[e]) for e in ENGINES)
        right["stretto"] += int(wide.argmax() == label)
        right["stretto-int8"] += int(narrow.argmax() == label)
        same += int(wide.argmax() == narrow.argmax())
        print(f"\n{file.name}  (labelled {names[label]})      FP32    INT8")
        for i in np.argsort(-wide)[:3]:
            print(f"  {'*' if i == label else ' '} {names[i][:40]:40} {100 * wide[i]:5.1f} % {100 * narrow[i]:5.1f} %")
    print(f"\nbest class right, of {len(files)}: FP32 {right['stretto']}, INT8 {right['stretto-int8']}; "
          f"the same in both: {same}")


def agreement(files, outputs, model):
    """Largest error against ONNX Runtime on the same pictures, prepared by Pillow instead of by us."""
    run, prepare = tool.oracle(model), pictures.PREPROCESS[NETWORK]
    worst, same = 0.0, 0
    for file, _ in files:
        y = np.fromfile(outputs / file.name, np.float32)
        r = run({"x": prepare(Image.open(file))[None]})["y"][0]
        worst = max(worst, float(np.abs(y - r).max() / np.abs(r).max()))
        same += int(y.argmax() == r.argmax())
    print(f"ONNX Runtime on the same pictures: same class as FP32 on {same} of {len(files)}, largest error {worst:.1e}")


def print_latency(plans, model):
    print(f"\ntiming in rounds, {THREADS} threads, batch 1 …", flush=True)
    inputs = FOLDER / "input.npz"
    np.savez(inputs, x=np.zeros((1, 3, 224, 224), np.float32))
    subject = types.SimpleNamespace(plans=plans, inputs=inputs, model_of=lambda _: model)
    names = [*ENGINES, "onnxruntime"]
    results = measure.rounds(names, subject, THREADS, 3, {"run": {"do": "time", "seconds": 1.0}})
    ms = {e: measure.smallest(results[e], "run", "p50") for e in names}
    print(measure.machine(names))
    print(f"latency, smallest of 3 rounds' medians: ours FP32 {ms['stretto']:.2f} ms, INT8 {ms['stretto-int8']:.2f} ms, "
          f"ONNX Runtime {ms['onnxruntime']:.2f} ms (ours FP32 / ONNX Runtime {ms['stretto'] / ms['onnxruntime']:.2f})")
    for engine, name in ENGINES.items():
        report = json.loads(measure.tool("bench", plans[engine], "--json", "--duration", 1, "--threads", THREADS))
        tail, memory = report["latency_ms"], report["memory_bytes"]
        print(f"{name}: p50 {tail['p50']:.2f}, p99 {tail['p99']:.2f}, p99.9 {tail['p999']:.2f}, max {tail['max']:.2f} ms; "
              f"weights {memory['weights'] / 2**20:.1f} MiB, activations {memory['activations'] / 2**20:.1f} MiB")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("MobileNet V2 (torchvision's ImageNet weights), FP32 and INT8, photographs out of foolbox", flush=True)
    model = models.path(NETWORK)
    names = pictures.imagenet_names()
    folder, files = lay_out(pictures.foolbox())
    options = ("--preprocess", pictures.PREPROCESS[NETWORK].spec(), "--threads", THREADS)
    narrow = ("--precision", "int8", "--calib", calibration_pictures(), "--calib-cache", FOLDER / f"{NETWORK}.recipe")
    plans = {engine: FOLDER / f"{NETWORK}-{name.lower()}.plan" for engine, name in ENGINES.items()}
    outputs = {engine: FOLDER / f"classes-{name.lower()}" for engine, name in ENGINES.items()}
    for engine in ENGINES:
        show("build", model, "-o", plans[engine], *options, *(narrow if engine == "stretto-int8" else ()))
        show("run", plans[engine], "--input", folder, "--output", outputs[engine], "--threads", THREADS)
    print_classes(files, outputs, names)
    agreement(files, outputs["stretto"], model)
    print_latency(plans, model)


if __name__ == "__main__":
    try:
        main()
    except (packages.Unavailable, engines.Failed) as error:
        sys.exit(f"demo: {error}")
