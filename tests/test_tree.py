"""Claims about the tree itself: the include rules see what they should, the networks are torchvision's."""
import pathlib

import numpy as np
import pytest

import check_includes
import networks

# Trainable parameters as torchvision publishes them; its RetinaNet freezes the normalisations, which we count.
TORCHVISION = {"alexnet": 61100840, "resnet18": 11689512, "resnet50": 25557032, "squeezenet1_1": 1235496,
               "mobilenet_v2": 3504872, "shufflenet_v2": 2278604, "retinanet": 34014999 + 53120}


@pytest.mark.parametrize("name", TORCHVISION)
def test_full_size_networks_have_torchvisions_parameters(name):
    weights = ("w", "b", "gamma", "beta")
    graph = networks.build(name).graph
    count = sum(int(np.prod(i.dims)) for i in graph.initializer if i.name.split("_")[0] in weights)
    assert count == TORCHVISION[name]


def checked(path, text, monkeypatch, tmp_path):
    """What the checker says of one file with that text, put at that path of the real tree's rooms."""
    source = tmp_path / path
    source.parent.mkdir(parents=True, exist_ok=True)
    for folder in ("plan/plan.h", "ir/graph.h", "runtime/engine.h", "kernels/cpu/tables.h", "kernels/cpu/generic/sum.h",
                   "base/dims.h", "tools/text.h", "op/op.h"):
        (tmp_path / folder).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / folder).touch()
    source.write_text(text)
    checker = check_includes.Checker()
    monkeypatch.setattr(check_includes, "SRC", pathlib.Path(tmp_path))
    checker.check_source(source)
    return checker.breaches


@pytest.mark.parametrize("path, include, allowed", (
    ("op/a.cc", '"base/dims.h"', True), ("op/a.cc", '"plan/plan.h"', False), ("runtime/a.cc", '"plan/plan.h"', True),
    ("runtime/a.cc", '"ir/graph.h"', False), ("runtime/a.cc", '"kernels/cpu/tables.h"', True),
    ("runtime/a.cc", '"kernels/cpu/generic/sum.h"', False), ("passes/a.cc", '"op/op.h"', True),
    ("cli/a.cc", '"tools/text.h"', False), ("cli/a.cc", "<stretto/tools.h>", True), ("ir/a.cc", "<nlohmann/json.hpp>", False),
    ("runtime/a.cc", "<stretto/build.h>", False), ("ir/a.h", "<fmt/format.h>", False), ("ir/a.cc", "<fmt/format.h>", True),
    ("ir/a.cc", "<gtest/gtest.h>", False), ("ir/a_test.cc", "<gtest/gtest.h>", True), ("nowhere/a.cc", "<vector>", False),
    ("kernels/cpu/x86/avx2/a.cc", "<immintrin.h>", True), ("kernels/cpu/x86/avx2/a.cc", "<vector>", False),
    ("kernels/cpu/x86/avx2/a.cc", '"kernels/cpu/x86/conv_params.h"', True),
    ("kernels/cpu/x86/avx2/a.cc", '"kernels/cpu/x86/avx512/b_loops.h"', False),
    ("kernels/cpu/x86/avx2/a.cc", '"base/dims.h"', False),
))
def test_include_checker_tells_right_from_wrong(path, include, allowed, monkeypatch, tmp_path):
    breaches = checked(path, f"#include {include}\n", monkeypatch, tmp_path)
    assert (not breaches) == allowed, breaches
