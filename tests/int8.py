"""INT8 plans of small networks: samples, a recipe made of them, the plan; what the tests of both share."""
import collections

import numpy as np

import networks
import tool

INT8 = ("--precision", "int8", "--types", "obey")
QUICK = ("--selection", "heuristic", "--tactic-cache", "none")
MIN_COSINE = 0.98  # of an INT8 plan's outputs against FP32; networks with drawn weights quantise worst

Subject = collections.namedtuple("Subject", "model shape samples recipe report plan")


def save_samples(folder, arrays):
    folder.mkdir()
    for number, x in enumerate(arrays):
        np.save(folder / f"{number}.npy", x)
    return folder


def build(model, plan, *arguments, threads=2):
    """The report of an INT8 build by estimate."""
    return tool.stretto_json("build", model, "-o", plan, *INT8, *QUICK, "--threads", threads, *arguments)


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
