"""The pupil of an eye, with a U-Net that takes one grey channel: the mask as a picture, and its share of the whole.

    python examples/segment.py UNET.onnx PICTURE MASK.png
"""
import sys

import numpy as np
import stretto
from PIL import Image

if len(sys.argv) != 4:
    sys.exit("usage: segment.py UNET.onnx PICTURE MASK.png")
_, model, source, target = sys.argv

engine = stretto.build(model)
_, _, height, width = engine.inputs[0].shape
eye = Image.open(source).convert("L").resize((width, height))
logits = next(iter(engine(np.asarray(eye, np.float32)[None, None] / np.float32(255)).values()))[0, 0]
mask = logits > np.log(0.7 / 0.3)  # a probability above 0.7
Image.fromarray(np.where(mask, np.uint8(255), np.uint8(0))).save(target)
print(f"pupil: {100 * mask.mean():.1f} % of the picture")
