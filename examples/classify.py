"""What is on a picture: the five best classes.

    python examples/classify.py MODEL.onnx PICTURE [--preprocess imagenet] [--names NAMES.json]

NAMES.json is a list of the classes' names; without it their numbers are printed.
"""
import argparse
import json
import pathlib

import numpy as np
import stretto

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model")
parser.add_argument("picture")
parser.add_argument("--preprocess", default="imagenet")
parser.add_argument("--names", type=pathlib.Path)
a = parser.parse_args()

engine = stretto.build(a.model, preprocess=a.preprocess)
scores = next(iter(engine(engine.read(a.picture)).values()))[0]
names = json.loads(a.names.read_text()) if a.names else range(len(scores))
for best in np.argsort(-scores)[:5]:
    print(f"{scores[best]:8.3f}  {names[best]}")
