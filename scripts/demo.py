"""The main job on real data: MobileNet V2 with its ImageNet weights, twenty photographs, one plan.

Called by ./demo. Downloads the network and the photographs (packages that carry them), builds a plan that takes JPEG and
PNG files directly, prints the five best classes of each, and times the plan beside ONNX Runtime in the same rounds.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import engines  # noqa: E402
import models  # noqa: E402
import packages  # noqa: E402
import pictures  # noqa: E402
from PIL import Image  # noqa: E402

NETWORK = "mobilenet_v2"
FOLDER = ROOT / ".cache" / "demo"
THREADS = 2


def show(*arguments):
    """Runs stretto as a person would, in the open."""
    words = [str(a) for a in arguments]
    print("$ stretto " + " ".join(w.replace(f"{ROOT}/", "") for w in words), flush=True)
    done = subprocess.run([str(engines.BIN / "stretto"), *words])
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


def softmax(values):
    e = np.exp(values - values.max())
    return e / e.sum()


def print_classes(files, outputs, names):
    right = 0
    for file, label in files:
        p = softmax(np.fromfile(outputs / file.name, np.float32).astype(np.float64))
        best = np.argsort(-p)[:5]
        right += int(best[0] == label)
        print(f"\n{file.name}  (labelled {names[label]})")
        for i in best:
            print(f"  {'*' if i == label else ' '} {100 * p[i]:5.1f} %  {names[i]}")
    print(f"\nbest class right: {right} of {len(files)}")


def agreement(files, outputs, model):
    """Largest error against ONNX Runtime on the same pictures, prepared by Pillow instead of by us."""
    run, prepare = engines.load_onnxruntime(model, THREADS), pictures.PREPROCESS[NETWORK]
    worst, same = 0.0, 0
    for file, _ in files:
        y = np.fromfile(outputs / file.name, np.float32)
        r = run({"x": prepare(Image.open(file))[None]})["y"][0]
        worst = max(worst, float(np.abs(y - r).max() / np.abs(r).max()))
        same += int(y.argmax() == r.argmax())
    print(f"ONNX Runtime on the same pictures: same class on {same} of {len(files)}, largest error {worst:.1e}")


def print_latency(plan, model):
    print(f"\ntiming in rounds, {THREADS} threads, batch 1 …", flush=True)
    times = engines.rounds({"stretto": plan, "onnxruntime": model}, {"x": (1, 3, 224, 224)}, THREADS, 3, 1.0)
    ours, theirs = min(times["stretto"]), min(times["onnxruntime"])
    print(engines.machine())
    print(f"latency, smallest of 3 rounds' medians: ours {ours:.2f} ms, ONNX Runtime {theirs:.2f} ms "
          f"(ours / ONNX Runtime {ours / theirs:.2f})")
    report = json.loads(engines.tool("bench", plan, "--json", "--duration", 1, "--threads", THREADS))
    ms, memory = report["latency_ms"], report["memory_bytes"]
    print(f"our tail: p50 {ms['p50']:.2f}, p99 {ms['p99']:.2f}, p99.9 {ms['p999']:.2f}, max {ms['max']:.2f} ms; "
          f"weights {memory['weights'] / 2**20:.1f} MiB, activations {memory['activations'] / 2**20:.1f} MiB")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("MobileNet V2 (torchvision's ImageNet weights), FP32, photographs out of foolbox", flush=True)
    model = models.path(NETWORK)
    names = pictures.imagenet_names()
    folder, files = lay_out(pictures.foolbox())
    plan, outputs = FOLDER / f"{NETWORK}.plan", FOLDER / "classes"
    show("build", model, "-o", plan, "--preprocess", pictures.PREPROCESS[NETWORK].spec(), "--threads", THREADS)
    show("run", plan, "--input", folder, "--output", outputs, "--threads", THREADS)
    print_classes(files, outputs, names)
    agreement(files, outputs, model)
    print_latency(plan, model)


if __name__ == "__main__":
    try:
        main()
    except (packages.Unavailable, engines.Failed) as error:
        sys.exit(f"demo: {error}")
