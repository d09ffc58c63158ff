"""Trains the thin U-Net of docs/why-int8-fails.md, in several ways, on composed scenes (tests/scenes.py).

    python bench/riddle_train.py pack MATERIAL.npz                 # needs the packages, not PyTorch
    python bench/riddle_train.py fit MATERIAL.npz OUT [--seconds 110] [--pool 40000] [--ways NAME …]
    python bench/riddle_train.py export OUT/plain.npz MODEL.onnx   # needs onnx, not PyTorch

`fit` needs PyTorch and wants a GPU: scenes are drawn once, by all CPUs, and every way of training sees the same ones, all
at the same time, each in a process of its own. It writes weights with batch normalisation folded in, rounded to f16, and
the mean IoU that these very weights have in FP32 on test scenes. `export` makes a network of them: weights as f16, cast.
"""
import argparse
import json
import multiprocessing
import pathlib
import sys
import time

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))
import scenes  # noqa: E402

FILTERS, LEVELS = 16, 4
TEST_SEED, TEST_SCENES = 2, 240

# norm: batch normalisation; scale: of input bytes; decay: of weights (AdamW); rate: the highest learning rate
WAYS = {"normed": {"norm": True, "scale": 1 / 255, "decay": 0.05, "rate": 3e-3},
        "plain": {"norm": False, "scale": 1 / 255, "decay": 0.0, "rate": 1e-3},
        "bytes": {"norm": False, "scale": 1.0, "decay": 0.0, "rate": 1e-3},
        "normed-bytes": {"norm": True, "scale": 1.0, "decay": 0.0, "rate": 2e-2}}


# --- material ------------------------------------------------------------------------------------------------------------
def pack(file):
    arrays = {}
    for split in scenes.SPLITS:
        made = scenes.material(split)
        for kind, cutouts in enumerate(made.cutouts):
            arrays |= {f"{split}/cutout/{kind}/{i}": a for i, a in enumerate(cutouts)}
        arrays |= {f"{split}/ground/{i}": a for i, a in enumerate(made.grounds)}
    np.savez_compressed(file, **arrays)


def unpack(file, split):
    arrays = np.load(file)
    names = [n.split("/") for n in arrays.files]
    material = scenes.Material([[] for _ in scenes.CLASSES[1:]], [])
    for name in names:
        if name[0] == split:
            (material.cutouts[int(name[2])] if name[1] == "cutout" else material.grounds).append(arrays["/".join(name)])
    return material


def _draw(job):
    seed, first, count, material = job
    made = [scenes.scene(material, seed, n) for n in range(first, first + count)]
    return np.stack([p for p, _ in made]), np.stack([l for _, l in made])


def draw(material, seed, count, workers):
    jobs = [(seed, first, min(250, count - first), material) for first in range(0, count, 250)]
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        parts = pool.map(_draw, jobs, chunksize=1)
    return np.concatenate([p for p, _ in parts]), np.concatenate([l for _, l in parts])


# --- network -------------------------------------------------------------------------------------------------------------
def layers():
    """[(name, kind, in, out)] in order of execution; kind: conv (3×3, ReLU), up (2×2 transposed, stride 2), last (1×1)."""
    widths, found, before = [FILTERS << i for i in range(LEVELS)], [], 3
    for level, width in enumerate(widths):
        found += [(f"down{level}a", "conv", before, width), (f"down{level}b", "conv", width, width)]
        before = width
    for level in reversed(range(LEVELS - 1)):
        width = widths[level]
        found += [(f"up{level}", "up", 2 * width, width), (f"join{level}a", "conv", 2 * width, width),
                  (f"join{level}b", "conv", width, width)]
    return found + [("last", "last", FILTERS, len(scenes.CLASSES))]


def network(norm):
    import torch
    from torch import nn

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            for name, kind, before, after in layers():
                made = {"conv": lambda: nn.Conv2d(before, after, 3, padding=1), "last": lambda: nn.Conv2d(before, after, 1),
                        "up": lambda: nn.ConvTranspose2d(before, after, 2, 2)}[kind]()
                if norm:
                    nn.init.kaiming_normal_(made.weight)
                else:
                    nn.init.xavier_normal_(made.weight)
                nn.init.zeros_(made.bias)
                self.add_module(name, made)
                if norm and kind == "conv":
                    self.add_module(name + "_norm", nn.BatchNorm2d(after))

        def conv(self, name, x):
            x = self.get_submodule(name)(x)
            return torch.relu(self.get_submodule(name + "_norm")(x) if norm else x)

        def forward(self, x):
            skips = []
            for level in range(LEVELS):
                x = torch.max_pool2d(x, 2) if level else x
                x = self.conv(f"down{level}b", self.conv(f"down{level}a", x))
                skips.append(x)
            for level in reversed(range(LEVELS - 1)):
                x = torch.cat([self.get_submodule(f"up{level}")(x), skips[level]], 1)
                x = self.conv(f"join{level}b", self.conv(f"join{level}a", x))
            return self.last(x)

    return UNet()


def folded(model):
    """{name of the layer: (weight, bias)} without batch normalisation."""
    import torch
    found = {}
    for name, kind, _, _ in layers():
        layer = model.get_submodule(name)
        weight, bias = layer.weight.detach().double(), layer.bias.detach().double()
        norm = dict(model.named_children()).get(name + "_norm")
        if norm is not None:
            factor = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
            weight, bias = weight * factor[:, None, None, None], (bias - norm.running_mean.double()) * factor + norm.bias.double()
        found[name] = (weight.detach().cpu().numpy(), bias.detach().cpu().numpy())
    return found


# --- training ------------------------------------------------------------------------------------------------------------
def fit(way, pool, test, out, seconds, batch):
    import torch
    from torch.nn import functional as F
    torch.manual_seed(0)
    w, device = WAYS[way], "cuda" if torch.cuda.is_available() else "cpu"
    pictures, labels = (torch.from_numpy(np.load(f, mmap_mode="r")[:]).to(device) for f in pool)
    model = network(w["norm"]).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=w["rate"], weight_decay=w["decay"], fused=device == "cuda")
    ready = lambda x: (x.permute(0, 3, 1, 2).float() * w["scale"]).contiguous(memory_format=torch.channels_last)
    begin, step, said = time.monotonic(), 0, 0
    while (past := (time.monotonic() - begin) / seconds) < 1:
        for group in optimiser.param_groups:      # up during the first 5 %, then a cosine down to nothing
            group["lr"] = w["rate"] * min(past / 0.05, 0.5 + 0.5 * np.cos(np.pi * past)) + 1e-7
        which = torch.randint(len(labels), (batch,), device=device)
        x, y = ready(pictures[which]), labels[which].long()
        if step % 2:
            x, y = x.flip(3), y.flip(2)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss = F.cross_entropy(model(x), y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if past * 10 >= said + 1:
            said += 1
            print(f"{way}: {said * 10} %, step {step}, loss {loss.item():.3f}", flush=True)
        if device == "cuda":
            torch.cuda.synchronize()
    model.eval()
    arrays = {}
    for name, (weight, bias) in folded(model).items():
        arrays |= {name + ".weight": weight.astype(np.float16), name + ".bias": bias.astype(np.float16)}
    if not all(np.isfinite(a).all() for a in arrays.values()):
        print(f"{way}: weights that f16 does not hold", flush=True)
    np.savez_compressed(out / f"{way}.npz", scale=np.float32(w["scale"]), **arrays)

    plain = network(False).to(device)
    plain.load_state_dict({k: torch.from_numpy(v.astype(np.float32)) for k, v in arrays.items()})
    ranges = watch(plain)
    torch.backends.cudnn.allow_tf32 = False
    pixels = 0
    with torch.no_grad():
        for first in range(0, len(test[1]), 40):
            answer = plain(ready(torch.from_numpy(test[0][first:first + 40]).to(device)))
            pixels = pixels + scenes.confusion(test[1][first:first + 40], answer.argmax(1).cpu().numpy())
    both = np.diag(pixels)
    report = {"way": way, **w, "steps": step, "batch": batch, "mean_iou": scenes.mean_iou(pixels),
              "iou": [float(v) for v in both / np.maximum(1, pixels.sum(0) + pixels.sum(1) - both)], "ranges": ranges}
    (out / f"{way}.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report | {"ranges": {k: [round(x, 3) for x in v] for k, v in ranges.items()}}), flush=True)


def watch(model):
    """{layer: [greatest output, its standard deviation, least and greatest of the channels' maxima]} as batches pass."""
    import torch
    seen = {}

    def hook(name):
        def keep(_, __, y):
            top = torch.relu(y).amax((0, 2, 3))
            seen[name] = [max(seen.get(name, [0])[0], float(top.max())), float(y.std()), float(top.min()), float(top.max())]
        return keep

    for name, module in model.named_children():
        module.register_forward_hook(hook(name))
    return seen


def fit_all(material, out, seconds, pool, ways, batch):
    out.mkdir(parents=True, exist_ok=True)
    begin, workers = time.monotonic(), multiprocessing.cpu_count()
    shared = pathlib.Path("/dev/shm") if pathlib.Path("/dev/shm").exists() else out
    files = [shared / "riddle-pictures.npy", shared / "riddle-labels.npy"]
    for file, array in zip(files, draw(unpack(material, "train"), 1, pool, workers)):
        np.save(file, array)
    test = draw(unpack(material, "test"), TEST_SEED, TEST_SCENES, workers)
    print(f"{pool} scenes drawn in {time.monotonic() - begin:.0f} s; background {np.mean(test[1] == 0):.2f}", flush=True)
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=fit, args=(way, files, test, out, seconds, batch)) for way in ways]
    for process in running:
        process.start()
    for process in running:
        process.join()
    for file in files:
        file.unlink()


# --- export --------------------------------------------------------------------------------------------------------------
def export(file, model):
    """The network over values 0 … 1 (or 0 … 255, as it was trained): x [1, 3, HEIGHT, WIDTH] to y, scores of classes."""
    import onnx
    from onnx_writer import Writer
    arrays, w = np.load(file), Writer("scene_unet")

    def half(name):
        return w.node("Cast", [w.constant(arrays[name].astype(np.float16), name)], name, to=onnx.TensorProto.FLOAT)

    def layer(x, name, kind):
        inputs, size = [x, half(name + ".weight"), half(name + ".bias")], arrays[name + ".weight"].shape[2]
        if kind == "up":
            return w.node("ConvTranspose", inputs, name, kernel_shape=[2, 2], strides=[2, 2])
        x = w.node("Conv", inputs, name, kernel_shape=[size] * 2, pads=[size // 2] * 4)
        return w.node("Relu", [x], name + "_relu") if kind == "conv" else x

    x, skips = w.input("x", [1, 3, scenes.HEIGHT, scenes.WIDTH]), []
    for name, kind, _, _ in layers():
        if name.startswith("down") and name.endswith("a") and skips:
            x = w.node("MaxPool", [x], "pool", kernel_shape=[2, 2], strides=[2, 2])
        x = layer(x, name, kind)
        if name.startswith("down") and name.endswith("b"):
            skips.append(x)
        if kind == "up":
            x = w.node("Concat", [x, skips[int(name[2:])]], "join" + name[2:], axis=1)
    w.output(x, "y", [1, len(scenes.CLASSES), scenes.HEIGHT, scenes.WIDTH])
    onnx.save(w.model(), model)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    does = parser.add_subparsers(dest="does", required=True)
    does.add_parser("pack").add_argument("file", type=pathlib.Path)
    p = does.add_parser("fit")
    p.add_argument("material", type=pathlib.Path)
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--seconds", type=float, default=110, help="of training, all ways at the same time")
    p.add_argument("--pool", type=int, default=40000, help="scenes drawn")
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    p = does.add_parser("export")
    p.add_argument("weights", type=pathlib.Path)
    p.add_argument("model", type=pathlib.Path)
    a = parser.parse_args()
    if a.does == "pack":
        pack(a.file)
    elif a.does == "fit":
        fit_all(a.material, a.out, a.seconds, a.pool, a.ways, a.batch)
    else:
        export(a.weights, a.model)


if __name__ == "__main__":
    main()
