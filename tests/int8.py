"""INT8 plans of small networks: samples, a recipe made of them, the plan; what the tests of both share."""
import collections

import numpy as np

import networks
import tool
from onnx_writer import Writer

INT8 = ("--precision", "int8", "--types", "obey")
QUICK = ("--selection", "heuristic", "--tactic-cache", "none")
LEAKY_SHAPE = (1, 3, 20, 24)
MIN_COSINE = 0.98  # of an INT8 plan's outputs against FP32; networks with drawn weights quantise worst

Subject = collections.namedtuple("Subject", "model shape samples recipe report plan")


def save_samples(folder, arrays):
    folder.mkdir()
    for number, x in enumerate(arrays):
        np.save(folder / f"{number}.npy", x)
    return folder


def leaky_network():
    """Leaky ReLUs behind every kind of product, behind an addition and behind bytes."""
    w = Writer("leaky", opset=13, seed=5)

    def leaky(x, alpha=0.1):
        return w.node("LeakyRelu", [x], alpha=alpha)

    x = leaky(w.conv(w.input("x", LEAKY_SHAPE), 24, 3, bias=True))
    y = leaky(w.conv(x, 24, 3, groups=24, bias=True), 0.25)
    x = leaky(w.add(w.conv(y, 24, 1, bias=True), x))
    x = leaky(w.max_pool(x, 2, 2), 0.5)
    x = leaky(w.conv_transpose(x, 18, 2, 2), 0.75)
    w.output(w.conv(x, 20, 3, stride=2, bias=True), "y", (1, 20, *(n // 2 for n in LEAKY_SHAPE[2:])))
    return w.model()


def build(model, plan, *arguments, threads=2):
    """The report of an INT8 build by estimate."""
    return tool.stretto_json("build", model, "-o", plan, *INT8, *QUICK, "--threads", threads, *arguments)


def steps_of_quantisation():
    """Names for --skip-pass, as `stretto build --help` lists them."""
    lines = tool.stretto("build", "--help").split("Steps of quantisation", 1)[1].splitlines()[1:]
    return [line.split()[0] for line in lines if line.strip()]


def plain_rounding():
    """Options: ranges from the least to the greatest number observed, weights to the nearest integer, nothing else."""
    return ["--calib-method", "minmax", *(o for step in steps_of_quantisation() for o in ("--skip-pass", step))]


def refused(subject, plan, *arguments):
    """The line of a build that must be refused and leave nothing."""
    line = tool.refusal(2, "build", subject.model, "-o", plan, *INT8, *QUICK, *arguments)
    assert not plan.exists() and not list(plan.parent.glob("*.tmp"))
    return line


def calibrated(name, model, shape, folder):
    """Four seeded samples of `shape`, the recipe, the report and the plan, all in `folder`."""
    samples = save_samples(folder / "samples", (networks.sample(name, shape, seed) for seed in range(4)))
    recipe, plan = folder / "m.recipe", folder / "m.plan"
    report = build(model, plan, "--calib", samples, "--calib-cache", recipe)
    return Subject(model, shape, samples, recipe, report, plan)


def outputs(plan, samples, folder, threads=2):
    """Bytes of all output files."""
    tool.stretto("run", plan, "--input", samples, "--output", folder, "--threads", threads, "--format", "raw")
    return tool.files_below(folder)
