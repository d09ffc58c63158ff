"""What INT8 costs in accuracy on real networks: SQNR of the raw output, agreement and flips, task figures.

    .venv/bin/python bench/accuracy.py [--networks NAME …] [--engines NAME …] [--samples 200] [--keep-plans] [--out JSON]

Every engine gets the same calibration samples and answers the same test pictures; the two share no file
(`accuracy_sets.py`). SQNR is 10·log10(Σr²/Σ(r − y)²) against FP32, the mean over pictures; a network's outputs are taken
together (the JSON has each). `stretto` is `build --precision int8 --types obey`, every other default untouched;
`stretto-fp32` and `ort-fp32` say what rounding alone makes. Peers quantise weights per channel, activations to u8. Beside
scripts/requirements-peers.txt they need `ml_dtypes` (ONNX Runtime's quantiser) and `nncf`.
"""
import argparse
import datetime
import json
import pathlib
import sys
import tempfile
import time

import numpy as np
import onnx

import accuracy_sets
import engines
import measure

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import models
import packages

FOLDER = packages.CACHE / "accuracy"
SHAPES = {"retinaface": "1x3x320x320"}
ORT_SETTINGS = {"ort-minmax": {"calibrate_method": "MinMax"},
                "ort-average": {"calibrate_method": "MinMax", "CalibMovingAverage": True},
                "ort-entropy": {"calibrate_method": "Entropy"},
                "ort-percentile": {"calibrate_method": "Percentile", "CalibPercentile": 99.99}}
NNCF_SETTINGS = {"nncf": {}, "nncf-accurate-bias": {"fast_bias_correction": False}}
ENGINES = ("stretto", "stretto-fp32", "ort-fp32", *ORT_SETTINGS, *NNCF_SETTINGS)


class Network:
    def __init__(self, name, samples):
        self.name, self.model = name, models.path(name)
        self.set = accuracy_sets.SETS[name](samples)
        graph = onnx.load(self.model, load_external_data=False).graph
        self.input, self.outputs = graph.input[0].name, [o.name for o in graph.output]


# --- engines -------------------------------------------------------------------------------------------------------------
def run_onnx(model, network):
    """ONNX Runtime, a picture at a time."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1     # spinning workers cost minutes where the CPUs are shared
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    answers = [session.run(network.outputs, {network.input: x[None]}) for x in network.set.test]
    return {o: np.concatenate([a[i] for a in answers]) for i, o in enumerate(network.outputs)}


def save(folder, samples):
    folder.mkdir(parents=True)
    for i, sample in enumerate(samples):
        np.save(folder / f"{i:05}.npy", sample[None])
    return folder


def run_stretto(network, folder, options, keep):
    """Builds a plan and runs it through the tool; the answers and seconds that the build took."""
    plan = FOLDER / f"{network.name}-{'int8' if options else 'fp32'}.plan"
    seconds = None
    if not (keep and plan.exists()):
        plan.parent.mkdir(parents=True, exist_ok=True)
        shape = ["--shape", f"{network.input}:{SHAPES[network.name]}"] if network.name in SHAPES else []
        if options:
            options = [*options, "--calib", save(folder / "calibration", network.set.calibration)]
        begin = time.monotonic()
        measure.tool("build", network.model, "-o", plan, *shape, *options)
        seconds = time.monotonic() - begin
    measure.tool("run", plan, "--input", save(folder / "test", network.set.test), "--output", folder / "out")
    files = [f"{i:05}.npy" for i in range(len(network.set.test))]
    places = {o: folder / "out" / o for o in network.outputs} if len(network.outputs) > 1 else \
        {network.outputs[0]: folder / "out"}
    return {o: np.concatenate([np.load(place / f) for f in files]) for o, place in places.items()}, seconds


def prepared(network, folder):
    """The model as ONNX Runtime's quantiser wants it: shapes fixed and inferred, batch normalisation folded."""
    import onnxruntime.quantization.shape_inference as shapes
    model, file = onnx.load(network.model), folder / "fixed.onnx"
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    for dim, size in zip(sizes, (1, *network.set.test.shape[1:])):
        dim.dim_value = size
    onnx.save(model, file)
    shapes.quant_pre_process(str(file), str(folder / "prepared.onnx"), skip_symbolic_shape=True)
    return folder / "prepared.onnx"


def quantise_ort(network, folder, setting):
    from onnxruntime import quantization as q

    class Reader(q.CalibrationDataReader):
        def __init__(self):
            self.samples = iter(network.set.calibration)

        def get_next(self):
            sample = next(self.samples, None)
            return None if sample is None else {network.input: sample[None]}

    setting, target = dict(setting), folder / "quantised.onnx"
    method = q.CalibrationMethod[setting.pop("calibrate_method")]
    q.quantize_static(str(prepared(network, folder)), str(target), Reader(), quant_format=q.QuantFormat.QDQ,
                      per_channel=True, activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8,
                      calibrate_method=method, extra_options=setting)
    return target


def quantise_nncf(network, folder, setting):
    import nncf
    model = onnx.load(prepared(network, folder))
    data = nncf.Dataset(list(network.set.calibration), lambda x: {network.input: x[None]})
    target = folder / "quantised.onnx"
    onnx.save(nncf.quantize(model, data, subset_size=len(network.set.calibration), **setting), target)
    return target


def answers(engine, network, folder, keep):
    """({output: array}, seconds of calibration)."""
    if engine == "ort-fp32":
        return run_onnx(network.model, network), None
    if engine in ("stretto", "stretto-fp32"):
        return run_stretto(network, folder, ["--precision", "int8", "--types", "obey"] if engine == "stretto" else [],
                           keep)
    begin = time.monotonic()
    if engine in ORT_SETTINGS:
        model = quantise_ort(network, folder, ORT_SETTINGS[engine])
    else:
        model = quantise_nncf(network, folder, NNCF_SETTINGS[engine])
    return run_onnx(model, network), time.monotonic() - begin


# --- figures -------------------------------------------------------------------------------------------------------------
def sqnr(reference, y):
    """dB of each picture."""
    r, y = (np.asarray(v, np.float64).reshape(len(v), -1) for v in (reference, y))
    return 10 * np.log10((r * r).sum(1) / np.maximum(1e-30, ((r - y) ** 2).sum(1)))


def judged(network, outputs, reference):
    """Figures of one engine's answers."""
    of_output = {o: float(sqnr(reference[o], outputs[o]).mean()) for o in reference}
    flat = lambda values: np.concatenate([np.reshape(values[o], (len(values[o]), -1)) for o in reference], 1)
    figures = {"sqnr_db": float(sqnr(flat(reference), flat(outputs)).mean()), "sqnr_db_of_output": of_output}
    if network.set.top1:
        best, before = (next(iter(v.values())).argmax(1) for v in (outputs, reference))
        figures |= {"pictures": len(best), "agreeing": int((best == before).sum())}
        right = lambda answer: np.array([int(b) in accepted for b, accepted in zip(answer, network.set.labels)])
        figures["flips"] = {"to wrong": int((right(before) & ~right(best)).sum()),
                            "to right": int((~right(before) & right(best)).sum()),
                            "wrong to other wrong": int((~right(before) & ~right(best) & (best != before)).sum())}
    if network.set.judge:
        figures["task"] = network.set.judge(network.set.labels, outputs, reference)
    return figures


def measured(network, wanted, keep):
    results, reference = {}, run_onnx(network.model, network)
    if network.set.judge:
        results["fp32"] = {"task": network.set.judge(network.set.labels, reference, reference)}
    for engine in wanted:
        with tempfile.TemporaryDirectory() as folder:
            try:
                outputs, seconds = answers(engine, network, pathlib.Path(folder), keep)
            except Exception as error:     # a peer may refuse a network in any way it likes
                results[engine] = {"failed": (str(error).strip() or repr(error)).splitlines()[-1][:200]}
                print(f"{network.name}, {engine}: {results[engine]['failed']}", file=sys.stderr, flush=True)
                continue
        results[engine] = judged(network, outputs, reference) | {"calibration_s": seconds}
    return results


def pooled(results):
    """Agreement over the ImageNet networks' pictures."""
    sums = {}
    for name in accuracy_sets.pictures.PREPROCESS:
        for engine, figures in results.get(name, {}).items():
            if "agreeing" in figures:
                sums.setdefault(engine, []).append((figures["agreeing"], figures["pictures"]))
    return {e: {"agreeing": sum(a for a, _ in s), "pictures": sum(p for _, p in s), "networks": len(s)}
            for e, s in sums.items()}


def table(results):
    rows = [["network", "engine", "SQNR dB", "agree", "flips", "task", "calibration s"]]
    for name, engines_ in results.items():
        for engine, f in engines_.items():
            if "failed" in f:
                rows.append([name, engine, None, None, None, f["failed"], None])
                continue
            task = ", ".join(f"{k} {v:.4g}" if isinstance(v, (int, float)) else f"{k} –"
                             for k, v in f.get("task", {}).items())
            flips = "/".join(str(v) for v in f["flips"].values()) if "flips" in f else None
            agree = f"{f['agreeing']}/{f['pictures']}" if "agreeing" in f else None
            rows.append([name, engine, f.get("sqnr_db"), agree, flips, task, f.get("calibration_s")])
    return measure.table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=accuracy_sets.SETS, default=list(accuracy_sets.SETS))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["stretto"])
    parser.add_argument("--samples", type=int, default=200, help="of calibration, at most")
    parser.add_argument("--keep-plans", action="store_true", help="use plans of an earlier run")
    parser.add_argument("--out", type=pathlib.Path, help="every figure, as JSON")
    a = parser.parse_args()
    results = {}
    here = f"{measure.machine([])}; {datetime.date.today().isoformat()}"
    print(here, flush=True)
    for name in a.networks:
        try:
            results[name] = measured(Network(name, a.samples), a.engines, a.keep_plans)
        except packages.Unavailable as error:
            print(f"{name}: skipped, {error}", file=sys.stderr, flush=True)
            continue
        print(table({name: results[name]}), flush=True)
        if a.out:
            a.out.write_text(json.dumps({"machine": here, "samples": a.samples, "results": results,
                                         "pooled": pooled(results)}, indent=1))
    for engine, p in pooled(results).items():
        print(f"{engine}: {p['agreeing']} of {p['pictures']} as FP32 over {p['networks']} ImageNet networks "
              f"({100 * p['agreeing'] / p['pictures']:.1f} %)")


if __name__ == "__main__":
    main()
