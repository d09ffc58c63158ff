"""PyTorch on a GPU beside our plans: the same ONNX files and inputs, outputs compared first, times by the GPU's clock.

    python bench/gpu_peers.py OUT.json MODEL.onnx[=PLAN,PLAN…] … [--compile] [--programs FOLDER]

Each MODEL has fixed shapes; onnx2torch gives PyTorch the very weights. PyTorch runs eager in FP32, and as one CUDA graph
in FP32, TF32 and FP16 (all in channels last); with --compile by torch.compile (mode reduce-overhead, FP16) as well, which
takes a minute a model to prepare. PLANs are run by `stretto` (in FOLDER; default: build/release/bin) on the same input and
compared with PyTorch's FP32; `stretto bench` times them. A figure is the median of 300 runs, each launched by itself, the
same input in GPU memory, no transfers; `in_a_row_ms` the mean of 100 that do not wait for each other.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
WARM, SINGLE, IN_A_ROW = 50, 300, 100


def difference(y, r):
    """max|y − r| / max|r| and the cosine; the worst of several outputs."""
    worst = {"relative": 0.0, "cosine": 1.0}
    for a, b in zip(y, r, strict=True):
        a, b = np.asarray(a, np.float64).ravel(), np.asarray(b, np.float64).ravel()
        worst["relative"] = max(worst["relative"], float(np.abs(a - b).max() / np.abs(b).max()))
        worst["cosine"] = min(worst["cosine"], float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))))
    return worst


def as_list(outputs):
    return list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]


def milliseconds(launch):
    """Of launch(), on the current stream."""
    for _ in range(WARM):
        launch()
    torch.cuda.synchronize()
    pairs = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(SINGLE)]
    times = []
    for begin, end in pairs:
        begin.record()
        launch()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    begin, end = pairs[0]
    begin.record()
    for _ in range(IN_A_ROW):
        launch()
    end.record()
    end.synchronize()
    return {"p50_ms": float(np.median(times)), "p99_ms": float(np.quantile(times, 0.99)),
            "in_a_row_ms": begin.elapsed_time(end) / IN_A_ROW}


def captured(net, x):
    """(launch, outputs) of net(x) as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            net(x)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = as_list(net(x))
    return graph.replay, outputs


def set_tf32(on):
    torch.backends.cuda.matmul.allow_tf32 = on
    torch.backends.cudnn.allow_tf32 = on


def pytorch(model, x, compiled):
    """By mode: times and the difference from FP32; and FP32's outputs."""
    import onnx2torch
    torch.backends.cudnn.benchmark = True
    results, reference = {}, None
    modes = [("eager-fp32", False, torch.float32), ("graph-fp32", False, torch.float32),
             ("graph-tf32", True, torch.float32), ("graph-fp16", True, torch.float16)]
    modes += [("compile-fp16", True, torch.float16)] if compiled else []
    for mode, tf32, dtype in modes:
        set_tf32(tf32)
        start = time.perf_counter()
        try:
            net = onnx2torch.convert(str(model)).eval().cuda().to(memory_format=torch.channels_last, dtype=dtype)
            image = torch.from_numpy(x).cuda().to(memory_format=torch.channels_last, dtype=dtype)
            if mode.startswith("graph"):
                launch, outputs = captured(net, image)
                launch()
            else:
                call = torch.compile(net, mode="reduce-overhead") if mode.startswith("compile") else net
                launch = lambda: call(image)
                for _ in range(3):
                    outputs = as_list(launch())
            torch.cuda.synchronize()
            prepared = time.perf_counter() - start
            found = [o.float().cpu().numpy() for o in outputs]
            reference = reference or found
            results[mode] = {**difference(found, reference), "prepare_s": prepared, **milliseconds(launch)}
        except Exception as error:  # a mode that this network does not run in is named and left out
            results[mode] = {"left_out": f"{type(error).__name__}: {str(error).splitlines()[0]}"}
        torch.cuda.empty_cache()
    return results, reference


def ours(programs, plan, x, reference):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "in").mkdir()
        np.save(folder / "in" / "x.npy", x)
        subprocess.run([programs / "stretto", "run", plan, "--input", folder / "in", "--output", folder / "out", "--quiet"],
                       check=True)
        files = [folder / "out" / "x.npy"] if (folder / "out" / "x.npy").exists() else None
        files = files or [folder / "out" / name / "x.npy" for name in output_names(plan.with_suffix(".outputs"))]
        found = [np.load(f) for f in files]
    done = subprocess.run([programs / "stretto", "bench", plan, "--duration", "1", "--warmup", "0.5", "--json", "--quiet"],
                          check=True, capture_output=True, text=True)
    report = json.loads(done.stdout)
    gpu = report["gpu"]
    return {**difference(found, reference), "precision": report["precision"], "p50_ms": gpu["network_ms"]["p50"],
            "p99_ms": gpu["network_ms"]["p99"], "in_a_row_ms": gpu["in_a_row_ms"], "open_ms": gpu["open_ms"],
            "load_ms": report["load_ms"], "memory_bytes": report["memory_bytes"],
            "transfers_ms": [gpu["inputs_ms"], gpu["outputs_ms"]]}


def output_names(file):
    return file.read_text().split()


def the_gpu():
    asked = "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,temperature.gpu,power.draw"
    done = subprocess.run(["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"], capture_output=True, text=True)
    return dict(zip(asked.split(","), done.stdout.strip().split(", "))) if done.returncode == 0 else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    a = parser.parse_args()
    torch.set_grad_enabled(False)
    report = {"gpu": the_gpu(), "torch": torch.__version__, "cuda": torch.version.cuda,
              "cudnn": torch.backends.cudnn.version(), "models": {}}
    for text in a.models:
        name, _, plans = text.partition("=")
        model = pathlib.Path(name)
        import onnx
        graph = onnx.load(str(model), load_external_data=False).graph
        weights = {i.name for i in graph.initializer}
        shape = [[d.dim_value for d in v.type.tensor_type.shape.dim] for v in graph.input if v.name not in weights][0]
        x = np.random.default_rng(1).standard_normal(shape, np.float32)
        results, reference = pytorch(model, x, a.compile)
        if reference is None:
            sys.exit(f"{model}: PyTorch cannot run it: {results['eager-fp32']['left_out']}")
        for plan in map(pathlib.Path, filter(None, plans.split(","))):
            plan.with_suffix(".outputs").write_text("\n".join(v.name for v in graph.output))
            try:
                results[plan.stem] = ours(a.programs, plan, x, reference)
            except (subprocess.CalledProcessError, OSError, KeyError, ValueError) as error:
                results[plan.stem] = {"left_out": str(error)}
        report["models"][f"{model.parent.name}/{model.stem}"] = results
        for mode, r in results.items():
            figures = r.get("left_out") or (f"p50 {r['p50_ms']:.4f} ms, in a row {r['in_a_row_ms']:.4f}, off by "
                                            f"{r['relative']:.1e}, cosine {r['cosine']:.6f}")
            print(f"{model.parent.name}/{model.stem:20} {mode:28} {figures}", flush=True)
        a.out.write_text(json.dumps(report, indent=1))
    report["gpu_after"] = the_gpu()
    a.out.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    sys.exit(main())
