"""Writes ONNX graphs layer by layer: a thin hand over onnx.helper that also keeps every value's channel count.

A `Writer` is one graph. Methods add a node and return the name of its output. Weights come either from the caller or,
seeded, from `he`: scaled so that activations keep their size through any number of layers.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Writer:
    def __init__(self, name, opset=17, seed=0):
        self.name, self.opset = name, opset
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.channels = {}
        self._count = {}

    # --- values ------------------------------------------------------------------------------------------------------
    def fresh(self, stem):
        self._count[stem] = self._count.get(stem, -1) + 1
        return f"{stem}_{self._count[stem]}"

    def input(self, name, shape, dtype=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        if len(shape) > 1:
            self.channels[name] = shape[1]
        return name

    def output(self, value, name=None, shape=None, dtype=TensorProto.FLOAT):
        if name and name != value:
            for node in self.nodes:
                node.output[:] = [name if o == value else o for o in node.output]
                node.input[:] = [name if i == value else i for i in node.input]
            value = name
        self.outputs.append(helper.make_tensor_value_info(value, dtype, shape))
        return value

    def constant(self, array, stem="const"):
        name = self.fresh(stem)
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op, inputs, stem=None, channels=None, outputs=1, **attributes):
        name = self.fresh(stem or op.lower())
        names = [name] if outputs == 1 else [f"{name}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=name, **attributes))
        for out in names:
            self.channels[out] = channels if channels is not None else self.channels.get(inputs[0])
        return names[0] if outputs == 1 else names

    # --- seeded weights ----------------------------------------------------------------------------------------------
    def he(self, shape, fan_in, gain=2.0):
        return (self.random.standard_normal(shape) * np.sqrt(gain / fan_in)).astype(np.float32)

    def small(self, n, scale=0.1):
        return (self.random.standard_normal(n) * scale).astype(np.float32)

    # --- layers ------------------------------------------------------------------------------------------------------
    def conv(self, x, out, kernel, stride=1, pad=None, groups=1, bias=False, gain=2.0, weight=None, b=None, dilation=1):
        """`pad`: one number, four (top, left, bottom, right), or None for (kernel − 1) // 2. `weight`, `b`: arrays."""
        ic = self.channels[x]
        kh, kw = (kernel, kernel) if isinstance(kernel, int) else kernel
        if weight is None:
            weight = self.he((out, ic // groups, kh, kw), ic // groups * kh * kw, gain)
        if b is None and bias:
            b = self.small(out)
        if pad is None:
            pad = (kh - 1) // 2
        pads = [pad] * 4 if isinstance(pad, int) else list(pad)
        inputs = [x, self.constant(weight, "w")] + ([self.constant(b, "b")] if b is not None else [])
        return self.node("Conv", inputs, "conv", out, kernel_shape=[kh, kw], strides=[stride] * 2, pads=pads,
                         group=groups, dilations=[dilation] * 2)

    def conv_transpose(self, x, out, kernel, stride, gain=2.0, weight=None, b=None):
        ic = self.channels[x]
        if weight is None:
            weight = self.he((ic, out, kernel, kernel), ic * max(1, kernel // stride) ** 2, gain)
        if b is None:
            b = self.small(out)
        return self.node("ConvTranspose", [x, self.constant(weight, "w"), self.constant(b, "b")], "deconv", out,
                         kernel_shape=[kernel] * 2, strides=[stride] * 2)

    def batch_norm(self, x, scale=1.0, eps=1e-5, stats=None):
        """`stats`: (gamma, beta, mean, variance); seeded ones otherwise, `scale` being the centre of gamma."""
        c = self.channels[x]
        if stats is None:
            uniform = self.random.uniform
            stats = (uniform(0.8, 1.2, c) * scale, self.small(c), self.small(c), uniform(0.7, 1.3, c))
        named = [self.constant(np.asarray(v, np.float32), s) for v, s in zip(stats, ("gamma", "beta", "mean", "var"))]
        return self.node("BatchNormalization", [x, *named], "bn", epsilon=eps)

    def relu(self, x):
        return self.node("Relu", [x])

    def relu6(self, x):
        low, high = self.constant(np.float32(0), "low"), self.constant(np.float32(6), "high")
        return self.node("Clip", [x, low, high])

    def max_pool(self, x, kernel, stride, pad=0, ceil=False):
        pads = [pad] * 4 if isinstance(pad, int) else list(pad)
        return self.node("MaxPool", [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads, ceil_mode=int(ceil))

    def average_pool(self, x, kernel, stride, count_include_pad=0):
        kernel = [kernel] * 2 if isinstance(kernel, int) else list(kernel)
        stride = [stride] * 2 if isinstance(stride, int) else list(stride)
        return self.node("AveragePool", [x], kernel_shape=kernel, strides=stride, count_include_pad=count_include_pad)

    def global_average_pool(self, x):
        return self.node("GlobalAveragePool", [x])

    def flatten(self, x, features=None):
        return self.node("Flatten", [x], channels=features or self.channels[x], axis=1)

    def gemm(self, x, out, gain=2.0, weight=None, b=None):
        features = self.channels[x]
        if weight is None:
            weight, b = self.he((out, features), features, gain), self.small(out)
        return self.node("Gemm", [x, self.constant(weight, "w"), self.constant(b, "b")], "fc", out, transB=1)

    def add(self, a, b):
        return self.node("Add", [a, b])

    def concat(self, values, axis=1):
        channels = sum(self.channels[v] for v in values) if axis == 1 else self.channels[values[0]]
        return self.node("Concat", list(values), channels=channels, axis=axis)

    def split(self, x, parts, axis=1):
        sizes = self.constant(np.array(parts, np.int64), "sizes")
        names = self.node("Split", [x, sizes], outputs=len(parts), axis=axis)
        for name, size in zip(names, parts):
            self.channels[name] = size
        return names

    def reshape(self, x, shape, channels=None):
        return self.node("Reshape", [x, self.constant(np.array(shape, np.int64), "shape")], channels=channels)

    def transpose(self, x, perm, channels=None):
        return self.node("Transpose", [x], channels=channels, perm=list(perm))

    def resize_nearest(self, x, sizes=None, scales=None):
        """As PyTorch's interpolate(mode="nearest"): asymmetric coordinates, rounded down."""
        tail = [self.constant(np.array(scales, np.float32), "scales")] if scales is not None else [
            "", self.constant(np.array(sizes, np.int64), "sizes")]
        return self.node("Resize", [x, "", *tail], mode="nearest", nearest_mode="floor",
                         coordinate_transformation_mode="asymmetric")

    # --- the whole ---------------------------------------------------------------------------------------------------
    def model(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        model = helper.make_model(graph, producer_name="stretto-tests", opset_imports=[
            helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model
