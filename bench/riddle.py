"""Why INT8 ruins a U-Net, and what mends it: every figure and picture of docs/why-int8-fails.md.

    .venv/bin/python bench/riddle.py [--parts PART …] [--value NAME] [--scenes 240] [--calibration 100] [--out JSON]
                                     [--images DIR]

Parts: `natural` (the network as trained, every calibration method), `collapse` (with unequal channels: every method, every
step of quantisation left out), `values` (SQNR of each value), `explain`, `cures` (the guard), `time` (in turns),
`pictures`; what this build of the tool has not is left out by name. The network is tests/data/scene_unet.onnx
(bench/riddle_train.py trained it), scenes are of tests/scenes.py, channels are made unequal by tests/unequal.py. Figures are the mean IoU of classes, in percent, on
`known` scenes (cut-outs of training, photographs that are not) and on `unseen` ones (neither is).
"""
import argparse
import datetime
import json
import pathlib
import shutil
import sys

import numpy as np
import onnx

import engines
import measure
import riddle_pictures

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import int8
import packages
import scenes
import unequal

MODEL = pathlib.Path(scenes.__file__).parent / "data" / "scene_unet.onnx"
SKIPS, MOST = {"down2b_relu_0": 64, "down1b_relu_0": 32}, 6.6    # channels; factors from 1/128 to 128
UNEQUALISED = ("--skip-pass", "equalise")
FOLDER = packages.CACHE / "riddle"
METHODS = ("minmax", "percentile", "entropy", "mse")
INT8 = ("--precision", "int8", "--types", "obey")
QUICK = ("--selection", "heuristic", "--tactic-cache", "none", "--no-verify")    # other kernels, the same integers
MAX_ERROR = 1e-3    # 1 − cosine of the scores, for the guard
GUARD = ("--max-error", MAX_ERROR)
COLLAPSED, MENDED = "int8, plain rounding", f"int8, plain rounding, --max-error {MAX_ERROR:g}"
SHOWN = (0, 4, 7)
PARTS = ("natural", "collapse", "values", "explain", "cures", "time", "pictures")


class Lab:
    """Scenes as files, both networks, and FP32's answers."""

    def __init__(self, a):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        train, test = scenes.material("train"), scenes.material("test")
        known = scenes.Material(train.cutouts, test.grounds)
        self.pictures, self.labels = {}, {}
        for name, material, seed, count in (("calibration", train, 3, a.calibration), ("known", known, 2, a.scenes),
                                            ("unseen", test, 2, a.scenes)):
            self.pictures[name], self.labels[name] = scenes.scenes(material, seed, count)
            (FOLDER / name).mkdir()
            for i, picture in enumerate(self.pictures[name]):
                np.save(FOLDER / name / f"{i:04}.npy", scenes.network_input(picture))
        self.models = {"as trained": MODEL, "unequal": FOLDER / "unequal.onnx"}
        onnx.save(unequal.unequal(onnx.load(MODEL), a.value, unequal.powers_of_two(SKIPS[a.value], MOST)), self.models["unequal"])
        self.plain, self.guilty = int8.plain_rounding(), a.value
        self.plans, self.reports, self.made = {}, {}, {}
        self.reference = {which: self.answers(self.plan(which, "fp32")) for which in self.models}

    def plan(self, which, name, *options):
        """Builds once; INT8 where options are given."""
        key = f"{which}, {name}"
        if key not in self.plans:
            file = FOLDER / f"{len(self.plans)}.plan"
            given = (*INT8, "--calib", FOLDER / "calibration", *options) if name != "fp32" else ()
            report = measure.tool("build", self.models[which], "-o", file, *given, *QUICK, "--json")
            self.plans[key], self.reports[key] = file, json.loads(report)
        return self.plans[key]

    def answers(self, plan):
        """{"known": scores [scenes, classes, height, width], "unseen": …}."""
        made = {}
        for name in ("known", "unseen"):
            out = FOLDER / "out"
            shutil.rmtree(out, ignore_errors=True)
            measure.tool("run", plan, "--input", FOLDER / name, "--output", out)
            made[name] = np.concatenate([np.load(f) for f in sorted(out.iterdir())])
        return made

    def judged(self, which, name, *options):
        answers = self.answers(self.plan(which, name, *options))
        figures = {}
        for part, y in answers.items():
            r, flat = self.reference[which][part], lambda v: v.reshape(len(v), -1).astype(np.float64)
            best = y.argmax(1)
            noise = ((flat(r) - flat(y)) ** 2).sum(1)
            figures[part] = {"iou": 100 * scenes.mean_iou(scenes.confusion(self.labels[part], best)),
                             "as_fp32": 100 * float((best == r.argmax(1)).mean()),
                             "sqnr_db": float((10 * np.log10((flat(r) ** 2).sum(1) / np.maximum(noise, 1e-30))).mean())}
        self.made[f"{which}, {name}"] = answers["known"].argmax(1).astype(np.uint8)
        print(row(which, name, figures), flush=True)
        return figures


def row(which, name, f):
    known, unseen = f["known"], f["unseen"]
    sqnr = "–" if known["sqnr_db"] > 200 else f"{known['sqnr_db']:.1f}"
    return (f"| {which} | {name} | {known['iou']:.1f} | {unseen['iou']:.1f} | {known['as_fp32']:.1f} | {sqnr} |")


def sweep(lab, which, base):
    print("| network | plan | IoU, known | IoU, unseen | pixels as FP32, % | SQNR, dB |\n| --- | --- | --- | --- | --- | --- |")
    found = {"fp32": lab.judged(which, "fp32")}
    for method in METHODS:
        found[method] = lab.judged(which, f"int8, {method}", *base, "--calib-method", method)
    return found


def natural(lab):
    found = sweep(lab, "as trained", UNEQUALISED)
    found["plain rounding"] = lab.judged("as trained", COLLAPSED, *lab.plain)
    return found


def collapse(lab):
    assert all((lab.reference["as trained"][k] == lab.reference["unequal"][k]).all() for k in ("known", "unseen"))
    found = sweep(lab, "unequal", UNEQUALISED)
    for step in int8.steps_of_quantisation():
        found[f"without {step}"] = lab.judged("unequal", f"int8 without {step}", "--skip-pass", step)
    found["plain rounding"] = lab.judged("unequal", COLLAPSED, *lab.plain)
    return found


def values(lab):
    """{network: [[value, dB]]} by `stretto compare`, on four scenes."""
    (FOLDER / "four").mkdir(exist_ok=True)
    for i in range(4):
        shutil.copy(FOLDER / "known" / f"{i:04}.npy", FOLDER / "four")
    found = {}
    for which in lab.models:
        plan = lab.plan(which, COLLAPSED, *lab.plain)
        report = json.loads(measure.tool("compare", plan, lab.models[which], "--input", FOLDER / "four", "--json"))
        found[which] = [[layer["name"], layer["sqnr_db"]] for layer in report["layers"]]
    for (name, before), (_, after) in zip(*found.values()):
        print(f"{name:16} {before:5.1f} dB as trained, {after:5.1f} dB with unequal channels")
    return found


def explain(lab):
    """The layers with the largest shares of the output's error, and the causes named."""
    page = FOLDER / "explain.html"
    name = "int8, explained"
    lab.plan("unequal", name, *lab.plain, f"--explain={page}")
    found = lab.reports[f"unequal, {name}"].get("explain")
    if found is None:
        raise engines.Failed("this stretto build has no --explain")
    for layer in sorted(found["layers"], key=lambda l: -(l["share"] or 0))[:8]:
        causes = "; ".join(c["text"] for c in layer["causes"]) or "–"
        print(f"{100 * (layer['share'] or 0):5.1f} % {layer['layer']:16} own {layer['own_sqnr_db']:5.1f} dB, "
              f"median channel {layer['channel_sqnr_db']:5.1f} dB: {causes}")
    print(f"(the page: {page})")
    return found


def cures(lab):
    found = {"collapsed": lab.judged("unequal", COLLAPSED, *lab.plain), "mended": lab.judged("unequal", MENDED, *lab.plain, *GUARD)}
    for reverted in lab.reports[f"unequal, {MENDED}"]["reverted"]:
        print(f"reverted {reverted['layer']}: {reverted['why']}")
    if not lab.reports[f"unequal, {MENDED}"]["reverted"]:
        raise engines.Failed("this stretto build has no --max-error")
    return found


def timed(lab, threads=2, rounds=9):
    """{plan: [median ms of each round]}: plans built by timing, measured in turns, each round beginning with another."""
    built = {"fp32": (), "int8, collapsed": (*INT8, "--calib", FOLDER / "calibration", *lab.plain),
             "int8, guard": (*INT8, "--calib", FOLDER / "calibration", *lab.plain, *GUARD)}
    plans = {}
    for name, options in built.items():
        plans[name] = FOLDER / f"timed-{len(plans)}.plan"
        measure.tool("build", lab.models["unequal"], "-o", plans[name], "--threads", threads, *options)
    found, names = {name: [] for name in plans}, list(plans)
    for number in range(rounds):
        for name in names[number % len(names):] + names[:number % len(names)]:
            found[name].append(measure.ours(plans[name], threads, {"do": "time", "seconds": 1})["p50"])
    plain = found["int8, collapsed"]
    for name, times in found.items():
        ratio = np.median([t / p for t, p in zip(times, plain)])
        print(f"{name:16} {min(times):.3f} ms (smallest of {rounds} rounds' medians), {ratio:.3f} × plain INT8 (median round)")
    return found


def pictures(lab, folder):
    folder.mkdir(parents=True, exist_ok=True)
    if f"unequal, {MENDED}" not in lab.made:
        cures(lab)
    show = lambda classes: [classes[i] for i in SHOWN]
    riddle_pictures.gallery([("scene", [lab.pictures["known"][i] for i in SHOWN]),
                             ("FP32", show(lab.reference["unequal"]["known"].argmax(1).astype(np.uint8))),
                             ("INT8, plain rounding", show(lab.made[f"unequal, {COLLAPSED}"])),
                             ("INT8, mended by --max-error", show(lab.made[f"unequal, {MENDED}"]))],
                            folder / "riddle-scenes.png")
    found = values(lab)
    titles = {"as trained": "INT8 of the network as trained", "unequal": "INT8 with unequal channels"}
    riddle_pictures.bars([n for n, _ in found["unequal"]], [(titles[w], [db for _, db in found[w]]) for w in titles],
                         folder / "riddle-sqnr.png")
    riddle_pictures.histograms([(f"{lab.guilty}, {which}: {share:.0f} % of what is not zero rounds to 0 or 1", counts)
                                for which, (counts, share) in guilty(lab).items()], folder / "riddle-histogram.png")


def guilty(lab):
    """{network: (values that are not zero, by the integer that they become; percent of them at 0 or 1)}."""
    import onnxruntime
    found = {}
    for which, file in lab.models.items():
        model = onnx.load(file)
        model.graph.output.append(onnx.helper.make_tensor_value_info(lab.guilty, onnx.TensorProto.FLOAT, None))
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        x = np.concatenate([session.run([lab.guilty], {"x": scenes.network_input(p)})[0]
                            for p in lab.pictures["calibration"][:8]])
        counts = np.bincount(np.rint(x[x > 0] / (x.max() / 255)).astype(int), minlength=256)
        found[which] = counts, 100 * counts[:2].sum() / counts.sum()
        tops = np.sort(x.max((0, 2, 3)))
        print(f"{which}: greatest of a channel {tops[0]:.3g} … {np.median(tops):.3g} … {tops[-1]:.3g}; "
              f"{found[which][1]:.0f} % of what is not zero rounds to 0 or 1")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--scenes", type=int, default=240, help="of each kind of test")
    parser.add_argument("--calibration", type=int, default=100, help="scenes to calibrate with")
    parser.add_argument("--value", choices=SKIPS, default="down2b_relu_0", help="whose channels are made unequal")
    parser.add_argument("--images", type=pathlib.Path, default=FOLDER / "images")
    parser.add_argument("--out", type=pathlib.Path, help="every figure, as JSON")
    a = parser.parse_args()
    try:
        lab = Lab(a)
    except packages.Unavailable as error:
        sys.exit(f"nothing can be measured: {error}")
    here = f"{measure.machine([])}; {datetime.date.today().isoformat()}"
    print(here, flush=True)
    does = {"natural": natural, "collapse": collapse, "values": values, "explain": explain, "cures": cures, "time": timed,
            "pictures": lambda lab: pictures(lab, a.images)}
    results = {}
    for part in a.parts:
        print(f"\n{part}", flush=True)
        try:
            results[part] = does[part](lab)
        except (engines.Failed, ImportError) as error:
            print(f"{part}: left out, {error}", file=sys.stderr, flush=True)
        if a.out:
            a.out.write_text(json.dumps({"machine": here, "results": results}, indent=1))


if __name__ == "__main__":
    main()
