"""Measuring engines side by side: every measurement in a process of its own, in rounds that begin with another engine
each time, so that a slow minute of the machine hits all."""
import json
import os
import pathlib
import platform
import subprocess
import sys

import engines

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("STRETTO_BIN", HERE.parent / "build/release/bin"))


def tool(*arguments):
    """Runs stretto; its stdout."""
    if not (BIN / "stretto").exists():
        raise engines.Failed(f"{BIN}/stretto is not built: cmake --preset release && cmake --build --preset release")
    done = subprocess.run([str(BIN / "stretto"), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip() or "?").splitlines()[-1]
        raise engines.Failed(f"stretto {' '.join(map(str, arguments))}: {why}")
    return done.stdout


def ours(plan, threads, job):
    """What worker.py gives for a peer, from `stretto bench`."""
    options = ["--iterations", 1, "--warmup", 0] if job["do"] == "start" else ["--duration", job["seconds"]]
    if job.get("rate"):
        options += ["--rate", job["rate"], "--deadline", job["deadline_ms"]]
    report = json.loads(tool("bench", plan, "--json", "--threads", threads, *options))
    if job["do"] == "start":
        memory = report["memory_bytes"]
        return {"first_ms": report["first_ms"], "load_ms": report["load_ms"], "peak": memory["peak_rss"],
                "needed": memory["weights"] + memory["activations"]}
    latency, runs = report["latency_ms"], report["iterations"]
    return {"p50": latency["p50"], "p99": latency["p99"], "runs": runs, "cpu_ms": report["cpu_s"] * 1e3 / max(1, runs),
            "missed": report["deadline"]["missed"]}


def peer(engine, model, threads, inputs, job):
    done = subprocess.run([sys.executable, str(HERE / "worker.py"), engine, str(model), str(threads), str(inputs),
                           json.dumps(job)], capture_output=True, text=True)
    if done.returncode:
        raise engines.Failed((done.stderr.strip() or f"ended with status {done.returncode}").splitlines()[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def one(engine, subject, threads, job):
    if engine in engines.OURS:
        return ours(subject.plans[engine], threads, job)
    return peer(engine, subject.model_of(engine), threads, subject.inputs, job)


def rounds(names, subject, threads, count, jobs):
    """{engine: [{name of the job: result} of each round]} for jobs = {name: job}."""
    results = {e: [] for e in names}
    for number in range(count):
        first = number % len(names)
        for engine in names[first:] + names[:first]:
            results[engine].append({name: one(engine, subject, threads, job) for name, job in jobs.items()})
    return results


def smallest(results, job, figure):
    """The one statistic: of the figures of each round, the smallest."""
    return min(r[job][figure] for r in results)


def present(names):
    """Those that are installed; what is not is said."""
    found = []
    for engine in names:
        if lacks := engines.missing(engine):
            print(f"{engine}: {' and '.join(lacks)} not installed, left out "
                  "(pip install -r scripts/requirements-peers.txt)", file=sys.stderr)
        else:
            found.append(engine)
    return found


def machine(names):
    """One line: processor, instruction sets, load, versions."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    field = lambda key: next((l.split(":", 1)[1].strip() for l in text.splitlines() if l.startswith(key)), "")
    isas = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_fp16", "amx_tile") if f in field("flags").split()]
    versions = dict.fromkeys(engines.version(e) for e in names if e not in engines.OURS)
    return (f"{field('model name') or platform.machine()}, {len(os.sched_getaffinity(0))} CPUs ({' '.join(isas)}), "
            f"load {os.getloadavg()[0]:.1f} when it began; {', '.join(versions)}")


def table(rows):
    """Markdown; the first row is the head. Numbers with two digits, what is missing as a dash."""
    text = lambda cell: "–" if cell is None else f"{cell:.2f}" if isinstance(cell, float) else str(cell)
    head, *body = rows
    return "\n".join("| " + " | ".join(map(text, row)) + " |" for row in [head, ["---"] * len(head), *body])
