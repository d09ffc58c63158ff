"""From a detector's outputs to boxes: the library beside the plain way of it in NumPy."""
import numpy as np
import onnx
import pytest
from PIL import Image

import models
import networks
import packages
import pictures
import tool

stretto = pytest.importorskip("stretto", reason="the Python module is not built: cmake --preset release -DSTRETTO_PYTHON=ON")

SIZE = (192, 256)  # height, width: no level of either network is left out


def centres(count, stride, first):
    return (np.arange(count, dtype=np.float64) + first) * stride


def grid(rows, columns, strides, first, sizes):
    """[(rows · columns · sizes), 4] anchors around each cell."""
    cy, cx, which = np.meshgrid(centres(rows, strides[0], first), centres(columns, strides[1], first),
                                np.arange(len(sizes)), indexing="ij")
    w, h = np.array(sizes, np.float64)[which.ravel()].T
    cx, cy = cx.ravel(), cy.ravel()
    return np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1)


def retinanet_anchors(height, width):
    levels = []
    for level in range(3, 8):
        rows, columns = (-(-v // 2**level) for v in (height, width))
        scales = [int(2**(level + 2) * 2 ** (i / 3)) for i in range(3)]
        sizes = [(2 * np.round(s / np.sqrt(r) / 2), 2 * np.round(s * np.sqrt(r) / 2)) for r in (0.5, 1, 2) for s in scales]
        levels.append(grid(rows, columns, (height // rows, width // columns), 0, sizes))
    return levels


def retinaface_anchors(height, width):
    sides = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
    return [grid(-(-height // s), -(-width // s), (s, s), 0.5, [(v, v) for v in sides[s]]) for s in sides]


def decode(anchors, offsets, scales, size):
    offsets = offsets.astype(np.float64)
    wh = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2 + offsets[:, :2] * scales[0] * wh
    wh = wh * np.minimum(62.5, np.exp(offsets[:, 2:] * scales[1]))
    boxes = np.concatenate([centre - wh / 2, centre + wh / 2], 1)
    return np.clip(boxes, 0, [size[1], size[0], size[1], size[0]])


def overlaps(box, others):
    corner, far = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(0, far - corner), 1)
    area = lambda b: np.prod(b[..., 2:] - b[..., :2], -1)
    return np.where(shared > 0, shared / np.maximum(1e-30, area(box) + area(others) - shared), 0)


def reference(levels, probabilities, offsets, scales, limits, size, background=None):
    """(boxes, scores, labels), best first, by the definition; `limits`: score, overlap, candidates, detections."""
    score_limit, overlap_limit, candidates, detections = limits
    chosen, start = [], 0
    for anchors in levels:
        part = probabilities[start:start + len(anchors)]
        found = [(part[a, c], start + a, c) for a, c in np.argwhere(part > score_limit) if c != background]
        chosen += sorted(found, key=lambda f: (-f[0], f[1:]))[:candidates]
        start += len(anchors)
    boxes = decode(np.concatenate(levels), offsets, scales, size)
    kept = []
    for score, anchor, label in sorted(chosen, key=lambda f: (-f[0], f[1:])):
        same = np.array([boxes[a] for _, a, c in kept if c == label]).reshape(-1, 4)
        if len(kept) < detections and not (overlaps(boxes[anchor], same) > overlap_limit).any():
            kept.append((score, anchor, label))
    return boxes[[a for _, a, _ in kept]], np.array([s for s, _, _ in kept]), np.array([c for _, _, c in kept])


def assert_equal(found, expected):
    boxes, scores, labels, _ = found
    assert labels.tolist() == expected[2].tolist()
    np.testing.assert_allclose(boxes, expected[0], atol=2e-3)
    np.testing.assert_allclose(scores, expected[1], rtol=1e-5)
    assert len(scores), "a comparison of no boxes says nothing"


@pytest.mark.parametrize("size", (SIZE, (200, 333)))
def test_anchors_are_the_papers(size):
    for name, expected in (("retinanet", retinanet_anchors), ("retinaface", retinaface_anchors)):
        anchors = getattr(stretto.Detector, name)(*size).anchors
        np.testing.assert_allclose(anchors, np.concatenate(expected(*size)), atol=1e-3, err_msg=name)


@pytest.mark.parametrize("candidates, detections", ((1000, 300), (40, 300), (1000, 7)))
def test_random_retinanet_outputs(candidates, detections):
    random, levels, classes = np.random.default_rng(3), retinanet_anchors(*SIZE), 5
    count = sum(map(len, levels))
    scores = random.normal(-4, 1.2, (1, count, classes)).astype(np.float32)
    offsets = random.normal(0, 0.4, (1, count, 4)).astype(np.float32)
    detector = stretto.Detector.retinanet(*SIZE, classes, candidates=candidates, detections=detections)
    assert_equal(detector(scores, offsets),
                 reference(levels, 1 / (1 + np.exp(-scores[0].astype(np.float64))), offsets[0], (1, 1),
                           (0.05, 0.5, candidates, detections), SIZE))


def test_retinaface_plan_finds_the_reference_boxes(tmp_path, cache):
    try:
        model, photographs = models.path("retinaface"), pictures.foolbox()
    except packages.Unavailable as error:
        pytest.skip(str(error))
    size = (320, 320)
    engine = stretto.build(model, shapes={"input": (1, 3, *size)}, threads=2, tactic_cache=cache[1], time_budget_s=3)
    detector, prepare = stretto.Detector.retinaface(*size), pictures.Preprocess(320, 320, (104, 117, 123), (1, 1, 1), 1.0, "bgr")
    run, faces = tool.oracle(model), 0
    for file, _ in photographs:
        x = prepare(Image.open(file))[None]
        y, r = engine(x), run({"input": x})
        boxes, scores, labels, _ = detector(y["conf"], y["loc"])
        expected = reference(retinaface_anchors(*size), r["conf"][0].astype(np.float64), r["loc"][0], (0.1, 0.2),
                             (0.5, 0.4, 1000, 300), size, background=0)
        assert len(boxes) == len(expected[0]), file.name
        np.testing.assert_allclose(boxes, expected[0].reshape(-1, 4), atol=0.1, err_msg=file.name)
        assert (labels == 1).all()
        faces += len(boxes)
    assert faces, "none of the photographs has a face"


def test_retinanet_plan_yields_boxes(tmp_path, cache):
    model, size = tmp_path / "retinanet.onnx", (64, 96)
    onnx.save(networks.build("retinanet", 1, size, 0.125, classes=4), model)
    engine = stretto.build(model, threads=2, tactic_cache=cache[1], time_budget_s=3)
    x = networks.sample("retinanet", (1, 3, *size))
    y, r = engine(x), tool.oracle(model)({"x": x})
    found = stretto.Detector.retinanet(*size, 4)(y["cls_logits"], y["bbox_regression"])
    assert_equal(found, reference(retinanet_anchors(*size), 1 / (1 + np.exp(-r["cls_logits"][0].astype(np.float64))),
                                  r["bbox_regression"][0], (1, 1), (0.05, 0.5, 1000, 300), size))


def test_wrong_sizes_are_refused():
    detector = stretto.Detector.retinaface(*SIZE)
    count = len(detector.anchors)
    good = np.zeros((count, 2), np.float32), np.zeros((count, 4), np.float32)
    assert [len(a) for a in detector(*good)] == [0, 0, 0, 0]
    for scores, offsets in ((good[0][1:], good[1]), (good[0], good[1][:, :3]), (good[0].astype(np.float64), good[1])):
        with pytest.raises(stretto.UsageError):
            detector(scores, offsets)
    with pytest.raises(stretto.UsageError):
        stretto.Detector.retinanet(0, 100)
    with pytest.raises(stretto.UsageError):
        stretto.Detector.retinanet(100, 100, score_threshold=2)
