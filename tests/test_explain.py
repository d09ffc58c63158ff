"""stretto build --explain and compare of INT8 plans: figures, causes that are known, and the page."""
import html.parser
import json

import numpy as np
import onnx
import pytest

import networks
import tool
from int8 import build, refused, save_samples

WIDE, FACTOR = 2, 1000  # the output channel of the first convolution that is made to dwarf the others


class Page(html.parser.HTMLParser):
    """Ids, links, scripts, and the balance of a page's tags."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.scripts, self.open, self.text = [], [], 0, [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [v for k, v in attributes.items() if k in ("href", "src")]
        self.scripts += tag == "script"
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """A small ResNet whose first convolution has a channel a thousand times as wide; its samples."""
    folder = tmp_path_factory.mktemp("uneven")
    model = networks.build("resnet18", 1, (32, 32), 0.125, classes=20)
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    (weights,) = [t for t in model.graph.initializer if t.name == first.input[1]]
    values = onnx.numpy_helper.to_array(weights).copy()
    values[WIDE] *= FACTOR
    weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
    first.name = "<img src=x onerror=alert(1)>"
    onnx.save(model, folder / "uneven.onnx")
    samples = (networks.sample("uneven", (1, 3, 32, 32), seed) for seed in range(4))
    return folder / "uneven.onnx", save_samples(folder / "samples", samples)


def test_explanation_of_a_network_has_every_layer(resnet, tmp_path):
    page = tmp_path / "why.html"
    report = build(resnet.model, tmp_path / "p", "--calib", resnet.samples, f"--explain={page}")
    explanation = report["explain"]
    assert explanation["samples"] == explanation["ranked_samples"] == 4
    layers = {layer["layer"]: layer for layer in explanation["layers"]}
    assert len(layers) == len(explanation["layers"]) >= 20
    assert {"x"} | {f"conv_{n}" for n in (2, 3, 4)} <= layers.keys()
    assert layers["x"]["inherited_sqnr_db"] == 300 and layers["x"]["weights_sqnr_db"] is None
    for layer in layers.values():
        assert layer["sqnr_db"] <= 60 and layer["own_sqnr_db"] > 10, layer
        assert layer["op"] != "product" or 20 < layer["weights_sqnr_db"] < 60, layer
    assert sum(layer["share"] for layer in layers.values()) == pytest.approx(1)
    noise = sum(10 ** (-layer["output_sqnr_db"] / 10) for layer in layers.values())
    assert 10 * np.log10(noise) == pytest.approx(-explanation["output_sqnr_db"], abs=3)
    parsed = Page(page.read_text())
    assert parsed.open == [] and parsed.scripts == 1
    assert [i for i in parsed.ids if i.startswith("layer-")] == [f"layer-{i}" for i in range(len(layers))]
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(link[0] == "#" and link[1:] in parsed.ids for link in parsed.links)
    assert all(name in parsed.text for name in layers)


def test_a_dwarfing_channel_is_named_in_report_page_and_terminal(uneven, tmp_path):
    model, samples = uneven
    page = tmp_path / "why.html"
    report = build(model, tmp_path / "p", "--calib", samples, f"--explain={page}")
    first = next(layer for layer in report["explain"]["layers"] if layer["op"] == "product")
    (cause,) = [c for c in first["causes"] if c["cause"] == "dwarfing_channel"]
    assert cause["channel"] == WIDE and cause["figure"] > FACTOR / 10
    assert first["channel_sqnr_db"] < 20 < first["own_sqnr_db"]
    text = page.read_text()
    assert f"channel {WIDE} dwarfs the others" in text and "<img" not in text
    shown = tool.stretto("build", model, "-o", tmp_path / "q", "--precision", "int8", "--types", "obey", "--selection",
                         "heuristic", "--tactic-cache", "none", "--calib", samples, "--explain")
    assert f"dwarfing channel ({WIDE})" in shown and "inherited" in shown and "6 dB are one bit" in shown


def test_layers_held_to_fp32_have_no_row_and_are_listed(resnet, tmp_path):
    report = build(resnet.model, tmp_path / "p", "--calib-cache", resnet.recipe, "--verify-input", resnet.samples,
                   "--explain", "--layer", "conv_3=fp32")
    assert "conv_3" not in {layer["layer"] for layer in report["explain"]["layers"]}
    assert {"layer": "conv_3", "from": "int8", "to": "fp32", "why": "as --layer asked"}.items() <= report["reverted"][0].items()


def test_explanation_needs_samples_and_a_place(resnet, tmp_path):
    assert "--verify-input" in refused(resnet, tmp_path / "p", "--calib-cache", resnet.recipe, "--explain")
    given = ("--calib", resnet.samples)
    assert "no" in refused(resnet, tmp_path / "p", *given, f"--explain={tmp_path}/no/why.html")
    assert "overwrite" in refused(resnet, tmp_path / "p", *given, f"--explain={tmp_path}/p")
    assert "explain" not in resnet.report


def test_compare_parts_the_error_of_integer_steps(resnet):
    report = tool.stretto_json("compare", resnet.plan, resnet.model, "--input", resnet.samples)
    parted = [layer for layer in report["layers"] if layer["own_sqnr_db"] is not None]
    assert len(parted) >= 15
    for layer in parted:
        total, own, inherited = (10 ** (-layer[key] / 20) for key in ("sqnr_db", "own_sqnr_db", "inherited_sqnr_db"))
        assert layer["own_sqnr_db"] > 15 and total <= (own + inherited) * (1 + 1e-6), layer
    first = parted[0]
    assert first["inherited_sqnr_db"] == 300 and first["own_sqnr_db"] == pytest.approx(first["sqnr_db"], abs=1e-6)
    text = tool.stretto("compare", resnet.plan, resnet.model, "--input", resnet.samples)
    assert "inherited dB" in text and "--explain" in text


def test_compare_of_a_plan_in_floating_point_has_no_parts(resnet, tmp_path):
    tool.stretto("build", resnet.model, "-o", tmp_path / "p", "--selection", "heuristic", "--tactic-cache", "none")
    report = json.loads(tool.stretto("compare", tmp_path / "p", resnet.model, "--json"))
    assert all(layer["own_sqnr_db"] is None and layer["inherited_sqnr_db"] is None for layer in report["layers"])
    assert "inherited" not in tool.stretto("compare", tmp_path / "p", resnet.model)
