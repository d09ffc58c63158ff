"""The thesis's eight networks with seeded weights, as torchvision defines them, written without PyTorch.

    python tests/networks.py OUTDIR [--small] [--only NAME …]      writes OUTDIR/<name>.onnx

`build(name, …)` gives the model. The image is an argument because two of the networks fix sizes in their graph
(torchvision's exports do too); `width` scales every channel count so that tests can be small.
"""
import argparse
import pathlib

import numpy as np
import onnx

from onnx_writer import Writer


class Options:
    """batch: a number or a name (symbolic); size: (height, width) of the image; width: factor on channel counts."""

    def __init__(self, batch, size, width, classes):
        self.batch, self.size, self.width, self.classes = batch, size, width, classes

    def scaled(self, channels):
        return max(8, int(channels * self.width + 4) // 8 * 8)


def start(name, o):
    w = Writer(name, seed=sum(name.encode()))
    return w, w.input("x", [o.batch, 3, *o.size])


def pooled(size, kernel, stride, pad=0, ceil=False):
    extra = stride - 1 if ceil else 0
    return tuple((s + 2 * pad - kernel + extra) // stride + 1 for s in size)


def classifier_output(w, x, o):
    w.output(x, "y", [o.batch, o.classes])
    return w.model()


# --- AlexNet ---------------------------------------------------------------------------------------------------------
def alexnet(o):
    w, x = start("alexnet", o)
    c = o.scaled
    size = pooled(o.size, 11, 4, 2)
    x = w.relu(w.conv(x, c(64), 11, 4, 2, bias=True))
    x, size = w.max_pool(x, 3, 2), pooled(size, 3, 2)
    x = w.relu(w.conv(x, c(192), 5, bias=True))
    x, size = w.max_pool(x, 3, 2), pooled(size, 3, 2)
    for channels in (384, 256, 256):
        x = w.relu(w.conv(x, c(channels), 3, bias=True))
    x, size = w.max_pool(x, 3, 2), pooled(size, 3, 2)
    if size[0] % 6 or size[1] % 6:
        raise ValueError(f"AlexNet averages to 6×6, and {size[0]}×{size[1]} features do not divide: use 224 or 415")
    kernel = (size[0] // 6, size[1] // 6)
    x = w.average_pool(x, kernel, kernel)
    x = w.flatten(x, c(256) * 36)
    x = w.relu(w.gemm(x, c(4096)))
    x = w.relu(w.gemm(x, c(4096)))
    return classifier_output(w, w.gemm(x, o.classes, 1.0), o)


# --- ResNets ---------------------------------------------------------------------------------------------------------
def basic_block(w, x, channels, stride, expansion=1):
    y = w.relu(w.batch_norm(w.conv(x, channels, 3, stride)))
    y = w.batch_norm(w.conv(y, channels, 3), 0.4)
    return residual(w, x, y, stride)


def bottleneck(w, x, channels, stride):
    y = w.relu(w.batch_norm(w.conv(x, channels, 1)))
    y = w.relu(w.batch_norm(w.conv(y, channels, 3, stride)))
    y = w.batch_norm(w.conv(y, channels * 4, 1), 0.4)
    return residual(w, x, y, stride)


def residual(w, x, y, stride):
    if stride != 1 or w.channels[x] != w.channels[y]:
        x = w.batch_norm(w.conv(x, w.channels[y], 1, stride, gain=1.0))
    return w.relu(w.add(y, x))


def resnet_stages(w, x, o, block, counts):
    """The outputs of the four stages."""
    x = w.relu(w.batch_norm(w.conv(x, o.scaled(64), 7, 2)))
    x = w.max_pool(x, 3, 2, 1)
    stages = []
    for stage, count in enumerate(counts):
        for i in range(count):
            x = block(w, x, o.scaled(64 * 2**stage), 2 if stage and i == 0 else 1)
        stages.append(x)
    return stages


def resnet(name, block, counts, o):
    w, x = start(name, o)
    x = resnet_stages(w, x, o, block, counts)[-1]
    return classifier_output(w, w.gemm(w.flatten(w.global_average_pool(x)), o.classes, 1.0), o)


def resnet18(o):
    return resnet("resnet18", basic_block, (2, 2, 2, 2), o)


def resnet50(o):
    return resnet("resnet50", bottleneck, (3, 4, 6, 3), o)


# --- SqueezeNet 1.1 --------------------------------------------------------------------------------------------------
def squeezenet1_1(o):
    w, x = start("squeezenet1_1", o)

    def fire(x, squeeze, expand):
        x = w.relu(w.conv(x, o.scaled(squeeze), 1, bias=True))
        left = w.relu(w.conv(x, o.scaled(expand), 1, bias=True))
        right = w.relu(w.conv(x, o.scaled(expand), 3, bias=True))
        return w.concat([left, right])

    x = w.relu(w.conv(x, o.scaled(64), 3, 2, 0, bias=True))
    x = w.max_pool(x, 3, 2, ceil=True)
    x = fire(fire(x, 16, 64), 16, 64)
    x = w.max_pool(x, 3, 2, ceil=True)
    x = fire(fire(x, 32, 128), 32, 128)
    x = w.max_pool(x, 3, 2, ceil=True)
    x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
    x = w.relu(w.conv(x, o.classes, 1, bias=True))
    return classifier_output(w, w.flatten(w.global_average_pool(x)), o)


# --- MobileNet V2 ----------------------------------------------------------------------------------------------------
MOBILENET_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
                (6, 320, 1, 1))


def mobilenet_v2(o):
    w, x = start("mobilenet_v2", o)
    x = w.relu6(w.batch_norm(w.conv(x, o.scaled(32), 3, 2)))
    for expand, channels, count, stride in MOBILENET_V2:
        for i in range(count):
            s = stride if i == 0 else 1
            hidden, out, y = w.channels[x] * expand, o.scaled(channels), x
            if expand != 1:
                y = w.relu6(w.batch_norm(w.conv(y, hidden, 1)))
            y = w.relu6(w.batch_norm(w.conv(y, hidden, 3, s, groups=hidden)))
            y = w.batch_norm(w.conv(y, out, 1), 0.7)
            x = w.add(x, y) if s == 1 and w.channels[x] == out else y
    x = w.relu6(w.batch_norm(w.conv(x, o.scaled(1280), 1)))
    return classifier_output(w, w.gemm(w.flatten(w.global_average_pool(x)), o.classes, 1.0), o)


# --- ShuffleNet V2 ---------------------------------------------------------------------------------------------------
def shufflenet_v2(o):
    """×1.0 at width 1: 24 → 116 → 232 → 464 → 1024."""
    w, x = start("shufflenet_v2", o)

    def even(channels):
        return max(8, int(channels * o.width) // 2 * 2)

    def shuffle(x, size):
        c = w.channels[x]
        first = -1 if isinstance(o.batch, str) else o.batch
        x = w.reshape(x, [first, 2, c // 2, *size])
        x = w.transpose(x, (0, 2, 1, 3, 4))
        return w.reshape(x, [first, c, *size], c)

    def branch(x, out, stride, reduce=True):
        if reduce:
            x = w.relu(w.batch_norm(w.conv(x, out, 1)))
        x = w.batch_norm(w.conv(x, w.channels[x], 3, stride, groups=w.channels[x], gain=1.0))
        return w.relu(w.batch_norm(w.conv(x, out, 1)))

    x = w.relu(w.batch_norm(w.conv(x, even(24), 3, 2)))
    x = w.max_pool(x, 3, 2, 1)
    size = pooled(pooled(o.size, 3, 2, 1), 3, 2, 1)
    for channels, repeats in ((116, 4), (232, 8), (464, 4)):
        half = even(channels) // 2
        size = pooled(size, 3, 2, 1)
        x = shuffle(w.concat([branch(x, half, 2, reduce=False), branch(x, half, 2)]), size)
        for _ in range(repeats - 1):
            keep, work = w.split(x, [half, half])
            x = shuffle(w.concat([keep, branch(work, half, 1)]), size)
    x = w.relu(w.batch_norm(w.conv(x, even(1024), 1)))
    x = w.node("ReduceMean", [x], axes=[2, 3], keepdims=0)
    return classifier_output(w, w.gemm(x, o.classes, 1.0), o)


# --- U-Net -----------------------------------------------------------------------------------------------------------
def unet(o, depth=5):
    w, x = start("unet", o)
    channels = [o.scaled(64) * 2**i for i in range(depth)]

    def double(x, out):
        x = w.relu(w.conv(x, out, 3, bias=True))
        return w.relu(w.conv(x, out, 3, bias=True))

    skips = []
    for level, c in enumerate(channels):
        x = double(x, c)
        if level < depth - 1:
            skips.append(x)
            x = w.max_pool(x, 2, 2)
    for c in reversed(channels[:-1]):
        x = w.conv_transpose(x, c, 2, 2, gain=1.0)
        x = double(w.concat([x, skips.pop()]), c)
    x = w.conv(x, o.classes, 1, bias=True, gain=1.0)
    w.output(x, "y", [o.batch, o.classes, *o.size])
    return w.model()


# --- RetinaNet -------------------------------------------------------------------------------------------------------
def retinanet(o, anchors=9):
    """ResNet-50, FPN with P6 and P7, shared heads; outputs as torchvision's head gives them."""
    w, x = start("retinanet", o)
    stages = resnet_stages(w, x, o, bottleneck, (3, 4, 6, 3))[1:]
    sizes = [pooled(pooled(o.size, 7, 2, 3), 3, 2, 1)]
    for _ in range(3):
        sizes.append(pooled(sizes[-1], 3, 2, 1))
    sizes = sizes[1:]
    c = o.scaled(256)

    inner = w.conv(stages[2], c, 1, bias=True, gain=1.0)
    levels = [w.conv(inner, c, 3, bias=True, gain=1.0)]
    for stage, size, smaller in ((stages[1], sizes[1], sizes[2]), (stages[0], sizes[0], sizes[1])):
        lateral = w.conv(stage, c, 1, bias=True, gain=1.0)
        if not isinstance(o.batch, str):
            up = w.resize_nearest(inner, sizes=[o.batch, c, *size])
        elif size == (2 * smaller[0], 2 * smaller[1]):
            up = w.resize_nearest(inner, scales=[1, 1, 2, 2])
        else:
            raise ValueError("RetinaNet with a symbolic batch needs an image size that 32 divides")
        inner = w.add(lateral, up)
        levels.insert(0, w.conv(inner, c, 3, bias=True, gain=1.0))
    p6 = w.conv(levels[-1], c, 3, 2, bias=True, gain=1.0)
    p7 = w.conv(w.relu(p6), c, 3, 2, bias=True)
    levels += [p6, p7]
    sizes = sizes + [pooled(sizes[-1], 3, 2, 1)]
    sizes.append(pooled(sizes[-1], 3, 2, 1))

    def head(values):
        """One tower for all levels: the same weights again and again, as the shared head has them."""
        tower = [(w.constant(w.he((c, c, 3, 3), c * 9), "w"), w.constant(w.small(c), "b")) for _ in range(4)]
        last = (w.constant(w.he((anchors * values, c, 3, 3), c * 9, 1.0), "w"), w.constant(w.small(anchors * values), "b"))
        rows = []
        for x, size in zip(levels, sizes):
            for weight, bias in tower:
                x = w.relu(w.node("Conv", [x, weight, bias], "conv", c, kernel_shape=[3, 3], pads=[1] * 4))
            x = w.node("Conv", [x, *last], "conv", anchors * values, kernel_shape=[3, 3], pads=[1] * 4)
            first = -1 if isinstance(o.batch, str) else o.batch
            x = w.reshape(x, [first, anchors, values, *size])
            x = w.transpose(x, (0, 3, 4, 1, 2))
            rows.append(w.reshape(x, [first, size[0] * size[1] * anchors, values]))
        return w.concat(rows, 1)

    total = sum(a * b for a, b in sizes) * anchors
    w.output(head(o.classes), "cls_logits", [o.batch, total, o.classes])
    w.output(head(4), "bbox_regression", [o.batch, total, 4])
    return w.model()


# name: (function, classes, full size, two small sizes, width of the small one)
NETWORKS = {
    "alexnet": (alexnet, 1000, (224, 224), ((224, 224), (224, 415)), 0.125),
    "resnet18": (resnet18, 1000, (224, 224), ((64, 64), (96, 80)), 0.25),
    "resnet50": (resnet50, 1000, (224, 224), ((64, 64), (96, 80)), 0.25),
    "squeezenet1_1": (squeezenet1_1, 1000, (224, 224), ((67, 67), (96, 80)), 0.5),
    "mobilenet_v2": (mobilenet_v2, 1000, (224, 224), ((64, 64), (96, 80)), 0.5),
    "shufflenet_v2": (shufflenet_v2, 1000, (224, 224), ((64, 64), (96, 128)), 0.5),
    "unet": (unet, 8, (128, 256), ((32, 64), (48, 48)), 0.25),
    "retinanet": (retinanet, 91, (320, 320), ((64, 64), (72, 104)), 0.125),
}


def build(name, batch=1, size=None, width=1.0, classes=None):
    """An onnx.ModelProto. `size` None: the full size. `classes` None: the thesis's."""
    function, default_classes, full, _, _ = NETWORKS[name]
    return function(Options(batch, tuple(size or full), width, classes or default_classes))


def build_small(name, batch=1, which=0, classes=None):
    _, _, _, sizes, width = NETWORKS[name]
    return build(name, batch, sizes[which], width, classes)


def sample(name, shape, seed=0):
    return np.random.default_rng([seed, sum(name.encode())]).standard_normal(shape).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("--small", action="store_true", help="few channels and small images, as the tests use them")
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--batch", default="1", help="a number, or a name for a symbolic batch")
    arguments = parser.parse_args()
    arguments.outdir.mkdir(parents=True, exist_ok=True)
    batch = int(arguments.batch) if arguments.batch.isdigit() else arguments.batch
    for name in arguments.only:
        model = build_small(name, batch) if arguments.small else build(name, batch)
        path = arguments.outdir / f"{name}.onnx"
        onnx.save(model, path)
        print(f"{path}: {len(model.graph.node)} nodes, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
