"""Faces on a picture, with a RetinaFace model: a line for each box, and the picture with the boxes drawn.

    python examples/detect.py RETINAFACE.onnx PICTURE OUT.png [--size 640]
"""
import argparse

import numpy as np
import stretto
from PIL import Image, ImageDraw

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model")
parser.add_argument("picture")
parser.add_argument("out")
parser.add_argument("--size", type=int, default=640, help="pixels of the longer side that the network sees")
a = parser.parse_args()

picture = Image.open(a.picture).convert("RGB")
picture.thumbnail((a.size, a.size))
height, width = (-(-v // 32) * 32 for v in (picture.height, picture.width))
canvas = Image.new("RGB", (width, height))
canvas.paste(picture)
x = np.asarray(canvas, np.float32)[..., ::-1] - np.array([104, 117, 123], np.float32)  # blue, green, red, less the mean

engine = stretto.build(a.model, shapes={"input": (1, 3, height, width)})
y = engine(np.ascontiguousarray(x.transpose(2, 0, 1)[None]))
boxes, scores, _, _ = stretto.Detector.retinaface(height, width)(y["conf"], y["loc"])
draw = ImageDraw.Draw(picture)
for box, score in zip(boxes, scores):
    print(f"{score:.3f}  " + " ".join(f"{v:.0f}" for v in box))
    draw.rectangle(box.tolist(), outline="red", width=2)
picture.save(a.out)
