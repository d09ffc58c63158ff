"""Scenes for segmentation: photographed cut-outs with exact alpha, pasted on photographs; every pixel has its class.

Cut-outs are of tuxpaint-stamps-default, listed with class and split in `data/scene-cutouts.csv`; photographs (of buildings,
no animals) and paintings are of gcompris-qt-data, every third one a test's. Training and test share neither. A scene depends
on nothing but its split, seed and number.
"""
import csv
import dataclasses
import pathlib

import numpy as np
from PIL import Image

import packages
import pictures

CLASSES = ("background", "mammal", "bird", "small animal", "food", "plant", "vehicle", "thing")
HEIGHT, WIDTH = 128, 256
SPLITS = ("train", "test")
_GROUNDS = (("explore_monuments", "/resource/"), ("categorization", "/images/monuments"), ("paintings", "/image"))
_LIST = pathlib.Path(__file__).parent / "data" / "scene-cutouts.csv"


@dataclasses.dataclass
class Material:
    """What scenes of one split are made of: pictures as arrays of bytes."""
    cutouts: list    # of each class but the background: [uint8 [height, width, RGBA]], the longest side 128
    grounds: list    # [uint8 [height, width, RGB]], the shorter side at most 192


def material(split):
    stamps = packages.debian("tuxpaint-stamps-default") / "usr/share/tuxpaint/stamps"
    cutouts = [[] for _ in CLASSES[1:]]
    with open(_LIST, newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == split:
                path = stamps / row["path"]
                if not path.exists():
                    raise packages.Unavailable(f"tuxpaint-stamps-default: carries no {row['path']}")
                cutouts[CLASSES.index(row["class"]) - 1].append(cut(Image.open(path)))
    grounds = []
    for number, photograph in enumerate(pictures.photographs(_GROUNDS)):
        if (number % 3 == 2) != (split == "test"):
            continue
        ratio = min(1, 192 / min(photograph.size))
        pixels = np.asarray(photograph.resize([round(v * ratio) for v in photograph.size], Image.Resampling.BICUBIC))
        if (pixels.max(2) == 0).mean() < 0.01:      # pieces of a puzzle have black around them
            grounds.append(pixels)
    return Material(cutouts, grounds)


def cut(image):
    image = image.convert("RGBA")
    image = image.crop(image.getchannel("A").getbbox())
    image.thumbnail((128, 128), Image.Resampling.BICUBIC)
    return np.asarray(image)


def ground(random, photograph):
    """A part of a photograph, mirrored or not, HEIGHT × WIDTH."""
    image = Image.fromarray(photograph)
    side = random.uniform(0.6, 1) * min(image.width / WIDTH, image.height / HEIGHT)
    width, height = side * WIDTH, side * HEIGHT
    x, y = random.uniform(0, image.width - width), random.uniform(0, image.height - height)
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR, box=(x, y, x + width, y + height))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image


def thing(random, cutout):
    """The cut-out turned, mirrored, in other light, its longer side 32 … 112 pixels."""
    image = Image.fromarray(cutout)
    ratio = random.uniform(32, 112) / max(image.size)
    image = image.resize([max(2, round(v * ratio)) for v in image.size], Image.Resampling.BICUBIC)
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = image.rotate(random.uniform(-20, 20), Image.Resampling.BILINEAR, expand=True)
    pixels = np.asarray(image).astype(np.float32)
    light = random.uniform(0.75, 1.25) * random.uniform(0.92, 1.08, 3)
    pixels[..., :3] = (pixels[..., :3] - 128) * random.uniform(0.8, 1.2) + 128 * light
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def scene(material, seed, number):
    """(uint8 [HEIGHT, WIDTH, RGB], uint8 [HEIGHT, WIDTH] of classes): two to five cut-outs on a photograph."""
    random = np.random.default_rng([seed, number])
    picture = ground(random, material.grounds[random.integers(len(material.grounds))])
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(random.integers(2, 6)):
        kind = int(random.integers(1, len(CLASSES)))
        choices = material.cutouts[kind - 1]
        image = thing(random, choices[random.integers(len(choices))])
        x, y = (int(random.integers(-16, max(-15, side + 17))) for side in (WIDTH - image.width, HEIGHT - image.height))
        picture.paste(image, (x, y), image)
        mask = Image.new("L", (WIDTH, HEIGHT))
        mask.paste(image.getchannel("A"), (x, y))
        labels[np.asarray(mask) >= 128] = kind
    return np.asarray(picture), labels


def scenes(material, seed, count):
    """(uint8 [count, HEIGHT, WIDTH, RGB], uint8 [count, HEIGHT, WIDTH])."""
    made = [scene(material, seed, number) for number in range(count)]
    return np.stack([p for p, _ in made]), np.stack([l for _, l in made])


def network_input(picture):
    """As tests/data/scene_unet.onnx takes it: float32 [1, 3, HEIGHT, WIDTH] from 0 to 1."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) * np.float32(1 / 255)


def confusion(labels, predicted):
    """Pixels by (class, predicted class)."""
    n = len(CLASSES)
    return np.bincount(labels.ravel().astype(np.int64) * n + predicted.ravel(), minlength=n * n).reshape(n, n)


def mean_iou(pixels):
    """The mean over classes of intersection over union, from confusion()."""
    both = np.diag(pixels)
    return float((both / np.maximum(1, pixels.sum(0) + pixels.sum(1) - both)).mean())
