"""Makes a network's channels unequal, which changes nothing that it computes but what one scale for all of them is worth.

Channel c of a value behind a ReLU is multiplied by factors[c] > 0 where it is made, and divided by it where it is read,
through poolings and concats. With powers of two each product and sum rounds as before: outputs are the same bits.
"""
import numpy as np
import onnx
from onnx import numpy_helper


def powers_of_two(channels, most, seed=0):
    """Factors from 1/2^most to 2^most, their logarithms evenly spread, in a seeded order."""
    exponents = np.rint(np.linspace(-most, most, channels))
    return np.exp2(np.random.default_rng(seed).permutation(exponents)).astype(np.float32)


def unequal(model, value, factors):
    """The model with channels of `value` multiplied. Raises ValueError where what makes or reads it does not allow that."""
    network = _Network(model)
    relu = network.maker[value]
    conv = network.maker[relu.input[0]]
    if relu.op_type != "Relu" or conv.op_type != "Conv":
        raise ValueError(f"{value} is made by {relu.op_type} of {conv.op_type}, not by Relu of Conv")
    network.multiply(conv.input[1], factors.reshape(-1, 1, 1, 1))
    if len(conv.input) > 2:
        network.multiply(conv.input[2], factors)
    network.divide_readers(value, factors, 0)
    onnx.checker.check_model(network.model)
    return network.model


class _Network:
    def __init__(self, model):
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self.constants = {i.name: i for i in self.model.graph.initializer}
        casts = [n for n in self.model.graph.node if n.op_type == "Cast" and n.input[0] in self.constants]
        for cast in casts:      # weights kept as f16 become f32
            whole = numpy_helper.to_array(self.constants.pop(cast.input[0])).astype(np.float32)
            self.constants[cast.output[0]] = numpy_helper.from_array(whole, cast.output[0])
            self.model.graph.node.remove(cast)
        self.maker = {o: n for n in self.model.graph.node for o in n.output}
        self._save()

    def _save(self):
        del self.model.graph.initializer[:]
        self.model.graph.initializer.extend(self.constants.values())

    def multiply(self, name, factors):
        array = numpy_helper.to_array(self.constants[name])
        self.constants[name] = numpy_helper.from_array((array * factors).astype(np.float32), name)
        self._save()

    def divide_readers(self, value, factors, first):
        """`first`: the channel of `value` that factors[0] is for."""
        for node in self.model.graph.node:
            if value not in node.input:
                continue
            if node.op_type == "MaxPool":
                self.divide_readers(node.output[0], factors, first)
            elif node.op_type == "Concat":
                before = sum(self._channels(i) for i in list(node.input)[:list(node.input).index(value)])
                self.divide_readers(node.output[0], factors, first + before)
            elif node.op_type == "Conv":
                channels = numpy_helper.to_array(self.constants[node.input[1]]).shape[1]
                whole = np.ones(channels, np.float32)
                whole[first:first + len(factors)] = 1 / factors
                self.multiply(node.input[1], whole.reshape(1, -1, 1, 1))
            else:
                raise ValueError(f"{value} is read by {node.op_type} {node.name}, which does not pass factors on")

    def _channels(self, value):
        node = self.maker[value]
        if node.op_type == "ConvTranspose":
            return numpy_helper.to_array(self.constants[node.input[1]]).shape[1]
        if node.op_type == "Conv":
            return numpy_helper.to_array(self.constants[node.input[1]]).shape[0]
        return self._channels(node.input[0])
