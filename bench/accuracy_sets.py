"""Calibration and test inputs of the real networks, and what a prediction is worth where labels exist.

A `Set` is one network's: `calibration` and `test` are float32 arrays of inputs, from files that share none. Photographs
are of gcompris-qt-data, cut-outs of tuxpaint-stamps-default; "objects" are not ImageNet and composed scenes are not COCO.
"""
import dataclasses
import pathlib
import sys

import numpy as np
from PIL import Image, ImageFilter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import packages
import pictures


@dataclasses.dataclass
class Set:
    calibration: np.ndarray
    test: np.ndarray
    labels: object = None       # of the test inputs, as `judge` wants them
    judge: object = None        # (labels, {output: array}, FP32's {output: array}) → {figure: number}
    top1: bool = False          # the output is class scores


# --- pictures ------------------------------------------------------------------------------------------------------------
def cutouts():
    """[file] of photographed cut-outs that are not among the 119 labelled ones."""
    stamps = packages.debian("tuxpaint-stamps-default") / "usr/share/tuxpaint/stamps"
    labelled, found = {f for f, _ in pictures.objects()}, []
    for file in sorted(stamps.rglob("*.png")):
        if file in labelled:
            continue
        image = Image.open(file)
        if image.mode == "RGBA" and min(image.size) >= 200 and max(image.size) >= 256:
            if len(np.unique(np.asarray(image)[..., :3].reshape(-1, 3), axis=0)) > 20000:   # a photograph, not a drawing
                found.append(file)
    return found


# --- ImageNet classifiers ------------------------------------------------------------------------------------------------
def classifier(name, calibration):
    prepare = pictures.PREPROCESS[name]
    samples = pictures.photographs() + [pictures.on_white(f) for f in cutouts()]
    order = np.random.default_rng(0).permutation(len(samples))[:calibration]
    tests = [(Image.open(f), {label}) for f, label in pictures.foolbox()]
    tests += [(pictures.on_white(f), accepted) for f, accepted in pictures.objects()]
    return Set(np.stack([prepare(samples[i]) for i in order]), np.stack([prepare(image) for image, _ in tests]),
               [accepted for _, accepted in tests], right_of_accepted, top1=True)


def right_of_accepted(labels, outputs, _):
    best = next(iter(outputs.values())).reshape(len(labels), -1).argmax(1)
    return {"right": int(sum(int(b) in accepted for b, accepted in zip(best, labels))), "of": len(labels)}


def digits(calibration):
    page = packages.one(packages.debian("opencv-doc"), "data/digits.png")
    cells = np.asarray(Image.open(page).convert("L"), np.float32) / 255
    cells = cells.reshape(50, 20, 100, 20).transpose(0, 2, 1, 3).reshape(5000, 20, 20)
    x = np.zeros((5000, 1, 28, 28), np.float32)
    x[:, 0, 4:24, 4:24] = cells
    x = (x - np.float32(0.1307)) / np.float32(0.3081)
    order, labels = np.random.default_rng(0).permutation(5000), np.repeat(np.arange(10), 500)
    return Set(x[order[:min(200, calibration)]], x[order[200:]], [{int(v)} for v in labels[order[200:]]],
               right_of_accepted, top1=True)


# --- pupil ---------------------------------------------------------------------------------------------------------------
def drawn_eye(seed, size=148):
    """A dark pupil in an iris, slightly blurred, with noise; the pupil's mask."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    cy, cx = random.uniform(.4, .6, 2) * size
    a, b = random.uniform(.1, .2) * size * np.array([random.uniform(.9, 1.1), 1])
    disc = lambda k: ((rows - cy) / (k * a)) ** 2 + ((columns - cx) / (k * b)) ** 2 < 1
    pupil, iris = disc(1), disc(random.uniform(2, 3))
    value = np.where(pupil, random.uniform(.05, .15), np.where(iris, random.uniform(.25, .4), random.uniform(.5, .8)))
    image = Image.fromarray((value * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
    value = np.asarray(image, np.float32) / 255 + random.normal(0, .02, (size, size))
    return np.clip(value, 0, 1).astype(np.float32)[None], pupil


def mask_iou(masks, outputs, _):
    """The pupil is where its probability is above 0.7, as the package has it."""
    guess = next(iter(outputs.values()))[:, 0] > np.log(0.7 / 0.3)
    union = (guess | masks).sum((1, 2))
    return {"IoU": float(((guess & masks).sum((1, 2)) / np.maximum(1, union)).mean())}


def pupil(calibration):
    tests = [drawn_eye(seed) for seed in range(100)]
    return Set(np.stack([drawn_eye(1000 + i)[0] for i in range(calibration)]), np.stack([x for x, _ in tests]),
               np.stack([m for _, m in tests]), mask_iou)


# --- detection -----------------------------------------------------------------------------------------------------------
# ImageNet index → COCO class; birds are the ranges of birds.
_COCO = {386: 20, 101: 20, 345: 19, 348: 18, 339: 17, 340: 22, 294: 21, 295: 21, 249: 16, 248: 16, 250: 16, 950: 49,
         948: 47, 954: 46, 937: 50, 404: 4, 817: 2, 511: 2, 717: 7, 555: 7, 569: 7, 861: 61, 504: 41, 805: 32, 430: 32,
         852: 32, 752: 38, **{i: 14 for i in (7, 8, 9, 23, 84, 90, 96, 97, 99, 130, 131, 134, 144, 145)}}
_ANCHORS = ((10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319))


def scene(random, background, files, size=416):
    """One to three cut-outs on a photograph; the picture and [(which file, box)]."""
    scale = size / min(background.size)
    shape = [max(size, round(v * scale)) for v in background.size]
    picture, boxes = background.resize(shape).crop((0, 0, size, size)), []
    for _ in range(random.integers(1, 4)):
        which = int(random.integers(len(files)))
        cut = Image.open(files[which]).convert("RGBA")
        cut = cut.crop(cut.getchannel("A").getbbox())
        scale = random.uniform(.25, .6) * size / max(cut.size)
        cut = cut.resize([max(1, int(v * scale)) for v in cut.size])
        x, y = (int(random.integers(0, size - v + 1)) for v in cut.size)
        if any(overlap((x, y, x + cut.width, y + cut.height), box) > 0.2 for _, box in boxes):
            continue
        picture.paste(cut, (x, y), cut)
        boxes.append((which, (x, y, x + cut.width, y + cut.height)))
    return picture, boxes


def overlap(a, b):
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    area = lambda r: (r[2] - r[0]) * (r[3] - r[1])
    return width * height / (area(a) + area(b) - width * height)


def suppressed(found, limit=0.45):
    """[(class, score, box)] without those that overlap a better one of their class."""
    kept = []
    for f in sorted(found, key=lambda f: -f[1]):
        if all(f[0] != k[0] or overlap(f[2], k[2]) < limit for k in kept):
            kept.append(f)
    return kept


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def yolo_boxes(heads, size=416, threshold=0.01):
    """[(class, score, box)] of one picture from its two heads."""
    found = []
    for head, mask in zip(heads, ((3, 4, 5), (1, 2, 3))):
        cells = head.shape[-1]
        t = head.reshape(3, 85, cells, cells).astype(np.float64)
        score = sigmoid(t[:, 4:5]) * sigmoid(t[:, 5:])
        for a, c, y, x in np.argwhere(score > threshold):
            cx, cy = (sigmoid(t[a, 0, y, x]) + x) / cells * size, (sigmoid(t[a, 1, y, x]) + y) / cells * size
            w, h = np.exp(np.minimum(t[a, 2:4, y, x], 8)) * _ANCHORS[mask[a]]
            found.append((int(c), float(score[a, c, y, x]), (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)))
    return suppressed(sorted(found, key=lambda f: -f[1])[:300])


def average_precision(truth, found, total):
    """`found`: [(picture, score, box)] of one class; `truth`: {picture: [box]}."""
    used, hits = set(), []
    for picture, _, box in sorted(found, key=lambda f: -f[1]):
        best = max(((overlap(box, t), i) for i, t in enumerate(truth.get(picture, []))), default=(0, -1))
        good = best[0] >= 0.5 and (picture, best[1]) not in used
        used.add((picture, best[1])) if good else None
        hits.append(good)
    if not hits:
        return 0.0
    right = np.cumsum(hits)
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float((precision * hits).sum() / total)


def map50(labels, outputs, _):
    found, truth, totals = {}, {}, {}
    for picture, objects in enumerate(labels):
        for kind, box in objects:
            truth.setdefault(kind, {}).setdefault(picture, []).append(box)
            totals[kind] = totals.get(kind, 0) + 1
        for kind, score, box in yolo_boxes([o[picture] for o in outputs.values()]):
            found.setdefault(kind, []).append((picture, score, box))
    scores = [average_precision(truth[k], found.get(k, []), totals[k]) for k in truth]
    return {"mAP50": 100 * float(np.mean(scores)), "classes": len(scores), "objects": sum(totals.values())}


def yolo(calibration, scenes=500):
    prepare, grounds, others = pictures.Preprocess(416, 416, (0, 0, 0), (1, 1, 1)), pictures.photographs(), cutouts()
    for_calibration, for_test = grounds[:len(grounds) // 2], grounds[len(grounds) // 2:]
    known = [(f, next(_COCO[i] for i in accepted if i in _COCO)) for f, accepted in pictures.objects()
             if accepted & _COCO.keys()]
    random = np.random.default_rng(1)
    samples = [scene(random, for_calibration[i % len(for_calibration)], others)[0] for i in range(calibration)]
    tests = [scene(random, for_test[i % len(for_test)], [f for f, _ in known]) for i in range(scenes)]
    labels = [[(known[which][1], box) for which, box in boxes] for _, boxes in tests]
    return Set(np.stack([prepare(s) for s in samples]), np.stack([prepare(p) for p, _ in tests]), labels, map50)


def face_boxes(outputs, picture, size, threshold=0.5):
    """[(0, score, box)] by RetinaFace's anchors: two sizes at each of the strides 8, 16 and 32."""
    loc, score, found, index = outputs["loc"][picture], outputs["conf"][picture][:, 1], [], 0
    for stride, sizes in ((8, (16, 32)), (16, (64, 128)), (32, (256, 512))):
        cells = -(-size // stride)
        for y in range(cells):
            for x in range(cells):
                for side in sizes:
                    if score[index] > threshold:
                        t = loc[index].astype(np.float64)
                        cx, cy = (x + 0.5) * stride + t[0] * 0.1 * side, (y + 0.5) * stride + t[1] * 0.1 * side
                        w, h = side * np.exp(t[2:] * 0.2)
                        found.append((0, float(score[index]), (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)))
                    index += 1
    return suppressed(found, 0.4)


def faces_as_before(size, outputs, reference):
    """Boxes against FP32's: each of its boxes with the best of ours (0 where there is none)."""
    ious = []
    for picture in range(len(outputs["loc"])):
        ours = face_boxes(outputs, picture, size)
        for _, _, box in face_boxes(reference, picture, size):
            ious.append(max((overlap(box, o[2]) for o in ours), default=0.0))
    return {"box IoU with FP32": float(np.mean(ious)) if ious else None, "boxes": len(ious)}


def retinaface(calibration, size=320):
    prepare = pictures.Preprocess(size, size, (104, 117, 123), (1, 1, 1), 1.0, "bgr")
    art = pictures.paintings()
    samples = (art[::2] + pictures.photographs())[:min(calibration, 100)]
    tests = art[1::2] + [Image.open(f) for f, _ in pictures.foolbox()]
    return Set(np.stack([prepare(s) for s in samples]), np.stack([prepare(t) for t in tests]), size, faces_as_before)


SETS = {"squeezenet": lambda n: classifier("squeezenet", n), "mobilenet_v2": lambda n: classifier("mobilenet_v2", n),
        "efficientnet_lite0": lambda n: classifier("efficientnet_lite0", n), "digits": digits, "pupil_unet": pupil,
        "yolov3_tiny": yolo, "retinaface": retinaface}
