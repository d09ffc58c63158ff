"""The thesis's networks at full size as torchvision itself exports them: built, run, compared with ONNX Runtime.

    python bench/torchvision_export.py [--networks NAME …] [--batch 1] [--threads 2] [--size HxW]

Needs PyTorch and torchvision beside what ./test installs; the tests do without, on graphs written by tests/networks.py.
Weights are torchvision's own random ones, with the statistics of the normalisations drawn as well. Ends with 1 if an output
is off by more than 1e-4 (max|y − r| / max|r|) or its cosine is below 0.99999.
"""
import argparse
import pathlib
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import engines  # noqa: E402
import measure  # noqa: E402
import networks  # noqa: E402
import tool  # noqa: E402

try:
    import torch
    import torchvision
    from torch import nn
except ImportError:
    sys.exit("torchvision_export: PyTorch and torchvision are needed: pip install torch torchvision")


class Double(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.Conv2d(o, o, 3, padding=1), nn.ReLU())


class UNet(nn.Module):
    """Depth 5, 64 filters, transposed convolutions, concatenation."""

    def __init__(self, classes=8, depth=5, filters=64):
        super().__init__()
        channels = [filters * 2**i for i in range(depth)]
        pairs = list(zip(channels[1:], channels[:-1]))[::-1]
        self.down = nn.ModuleList(Double(i, o) for i, o in zip([3, *channels], channels))
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 2, 2) for i, o in pairs)
        self.merge = nn.ModuleList(Double(i, o) for i, o in pairs)
        self.head = nn.Conv2d(filters, classes, 1)

    def forward(self, x):
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else nn.functional.max_pool2d(x, 2))
            skips.append(x)
        skips.pop()
        for up, merge in zip(self.up, self.merge):
            x = merge(torch.cat([up(x), skips.pop()], 1))
        return self.head(x)


class RetinaNet(nn.Module):
    """Backbone and heads: what comes before anchors and boxes."""

    def __init__(self):
        super().__init__()
        whole = torchvision.models.detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None)
        self.backbone, self.head = whole.backbone, whole.head

    def forward(self, x):
        out = self.head(list(self.backbone(x).values()))
        return out["cls_logits"], out["bbox_regression"]


MODULES = {"unet": UNet, "retinanet": RetinaNet, "shufflenet_v2": torchvision.models.shufflenet_v2_x1_0}


def seeded(name):
    """Drawn weights; statistics of normalisations such that activations neither vanish nor grow."""
    torch.manual_seed(sum(name.encode()))
    module = (MODULES.get(name) or getattr(torchvision.models, name))().eval()
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.7, 1.3)
                part.weight.uniform_(0.4, 0.8)
                part.bias.normal_(0, 0.1)
    return module


def export(name, shape, file):
    outputs = ["cls_logits", "bbox_regression"] if name == "retinanet" else ["y"]
    with torch.no_grad():
        torch.onnx.export(seeded(name), (torch.zeros(shape),), str(file), input_names=["x"], output_names=outputs,
                          opset_version=17, dynamo=False)


def compare(name, a, folder):
    shape = (a.batch, 3, *(a.size or networks.NETWORKS[name][2]))
    model, plan = folder / f"{name}.onnx", folder / f"{name}.plan"
    export(name, shape, model)
    measure.tool("build", model, "-o", plan, "--threads", a.threads)
    x = networks.sample(name, shape)
    expected = tool.oracle(model)({"x": x})
    got = tool.run_plan(plan, {"x.npy": x}, folder / name, list(expected), threads=a.threads)
    for output, r in expected.items():
        y = got[output]["x.npy"].reshape(r.shape)
        print(f"{name}, {output} {'x'.join(map(str, r.shape))}: error {np.abs(y - r).max() / np.abs(r).max():.1e}",
              flush=True)
        tool.assert_close(f"{name}, {output}", y, r)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=networks.NETWORKS, default=list(networks.NETWORKS))
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=lambda t: tuple(map(int, t.split("x"))), help="HxW instead of the full size")
    a = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in a.networks:
            try:
                compare(name, a, pathlib.Path(folder))
            except (AssertionError, engines.Failed) as error:
                wrong += 1
                print(f"{name}: {error}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
