"""The experiments: which networks, at which sizes and batches, by which engines, and what is measured of them.

A `Point` is one network at one size and batch: its engines are measured side by side, in rounds, after their answers have
been compared. The networks have seeded weights, so these are experiments of time and memory; accuracy is measured by
bench/accuracy.py on trained networks.
"""
import dataclasses

FLOATS = ("stretto", "onnxruntime", "openvino", "ncnn", "MNN", "torch")
INTEGERS = ("stretto-int8", "onnxruntime-int8", "openvino-int8")
CLASSIFIERS = ("alexnet", "resnet50", "squeezenet1_1", "mobilenet_v2", "shufflenet_v2")


@dataclasses.dataclass(frozen=True)
class Point:
    subject: str  # "resnet50", or with a size "unet@128x256"
    batch: int
    x: object     # where it stands in the figure: a batch, a size, a name
    engines: tuple = FLOATS + INTEGERS
    job: str = "time"  # "time", "paced", "start"
    isa: str = ""
    threads: int = 0   # 0: as the run says


@dataclasses.dataclass(frozen=True)
class Experiment:
    name: str
    figure: str   # of the thesis
    title: str
    x: str        # what the horizontal axis is; "" : points are names
    caption: str
    quick: tuple
    full: tuple


def _sizes(network, sizes, batch=1, engines=FLOATS + INTEGERS):
    return tuple(Point(f"{network}@{h}x{w}", batch, h * w, engines) for h, w in sizes)


def _batches(network, batches, **options):
    return tuple(Point(network, b, b, **options) for b in batches)


_CITYSCAPES = ((128, 256), (256, 512), (384, 768), (512, 1024), (768, 1536), (1024, 2048))
_SQUARES = ((128, 128), (192, 192), (256, 256), (320, 320), (384, 384), (512, 512))

EXPERIMENTS = {e.name: e for e in (
    Experiment("retinanet-size", "3.1", "RetinaNet: time a picture against input size", "pixels of the input",
               "RetinaNet with a ResNet-50 pyramid, seeded weights. The thesis: GPU, COCO, batches of 2 and 8.",
               _sizes("retinanet", _SQUARES[:2], engines=FLOATS),
               _sizes("retinanet", _SQUARES, 2, FLOATS)),
    Experiment("unet-size", "3.3", "U-Net: time a picture against input size", "pixels of the input",
               "U-Net of 5 levels and 8 classes, seeded weights. The thesis: GPU and CPU, Cityscapes.",
               _sizes("unet", _CITYSCAPES[:1]), _sizes("unet", _CITYSCAPES)),
    Experiment("resnet50-batch", "3.6", "ResNet-50: time a picture against batch", "batch",
               "ResNet-50 at 224×224, seeded weights. The thesis: GPU and CPU, Dogs vs Cats.",
               _batches("resnet50", (1, 2)), _batches("resnet50", (1, 2, 4, 8, 16, 32))),
    Experiment("embedded", "3.7", "ResNet-18 on one thread with AVX2: time a picture against batch", "batch",
               "ResNet-18 at 224×224, seeded weights, on one thread and held to AVX2. It stands in for the thesis's Jetson "
               "Nano, and is none.",
               _batches("resnet18", (1, 2), engines=("stretto", "openvino", "torch"), isa="avx2", threads=1),
               _batches("resnet18", (1, 2, 4, 8), engines=("stretto", "openvino", "torch"), isa="avx2", threads=1)),
    Experiment("networks", "3.8", "Five networks: time a picture", "",
               "Five classifiers at 224×224, seeded weights, one picture at a time.",
               tuple(Point(n, 1, n) for n in CLASSIFIERS), tuple(Point(n, 1, n) for n in CLASSIFIERS)),
    Experiment("jitter", "–", "At a camera's rate: 99th percentile from arrival to result", "",
               "30 frames a second, a deadline of 33 ms; missed deadlines are in the table.",
               (Point("mobilenet_v2", 1, "mobilenet_v2", FLOATS[:3], "paced"),),
               tuple(Point(n, 1, n, FLOATS[:3], "paced") for n in ("mobilenet_v2", "shufflenet_v2", "resnet18"))),
    Experiment("cold-start", "–", "From opening the file to the first result", "",
               "A fresh process each time, files in the page cache; a peer's package is imported beforehand.",
               (Point("mobilenet_v2", 1, "mobilenet_v2", FLOATS, "start"),),
               tuple(Point(n, 1, n, FLOATS, "start") for n in ("mobilenet_v2", "resnet50"))),
)}
