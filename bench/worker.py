"""One peer, one job, in a process of its own: the last line printed is JSON.

    worker.py ENGINE MODEL THREADS INPUTS.npz JOB        JOB as JSON: {"do": "outputs" | "time" | "start", …}
"""
import ctypes
import json
import pathlib
import re
import sys
import time

import numpy as np

import engines

PR_SET_TIMERSLACK = 29
WARM_S = 0.5


def nearest_rank(times, p):
    times = sorted(times)
    return times[min(len(times), max(1, int(np.ceil(p * len(times))))) - 1]


def summary(times, cpu_s, missed=0):
    """Of a list of ms; what `stretto bench --json` says of ours, in the same words (`measure.ours`)."""
    return {"p50": nearest_rank(times, 0.5), "p99": nearest_rank(times, 0.99), "runs": len(times),
            "cpu_ms": cpu_s * 1e3 / len(times), "missed": missed}


def back_to_back(run, feeds, seconds):
    times, cpu, end = [], time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        run(feeds)
        times.append((time.perf_counter() - began) * 1e3)
    return summary(times, time.process_time() - cpu)


def paced(run, feeds, seconds, rate, deadline_ms):
    """Frames arrive at a fixed rate whether or not the last one is done; a time is from arrival to result. Frames still
    waiting when the time is up, and one deadline more, are missed and not run."""
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)
    count, times, missed = max(1, round(seconds * rate)), [], 0
    cpu, start = time.process_time(), time.perf_counter()
    give_up = start + count / rate + deadline_ms * 1e-3
    for number in range(count):
        arrival = start + number / rate
        if (wait := arrival - time.perf_counter()) > 0:
            time.sleep(wait)
        if time.perf_counter() > give_up:
            missed += 1
            continue
        run(feeds)
        times.append((time.perf_counter() - arrival) * 1e3)
        missed += times[-1] > deadline_ms
    return summary(times, time.process_time() - cpu, missed)


def timed(engine, file, threads, feeds, job):
    run = engines.load(engine, file, threads)
    run(feeds)
    end = time.perf_counter() + min(WARM_S, job["seconds"] / 2)
    while time.perf_counter() < end:
        run(feeds)
    if job.get("rate"):
        return paced(run, feeds, job["seconds"], job["rate"], job["deadline_ms"])
    return back_to_back(run, feeds, job["seconds"])


def peak_bytes(field="VmHWM"):
    """Not ru_maxrss, which begins with what the parent had."""
    return int(re.search(rf"{field}:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text()).group(1)) * 1024


def started(engine, file, threads, feeds):
    """From opening the file to the first result; importing the engine's package comes before."""
    for package in engines.module(engine).NEEDS:
        __import__(package)
    before, began = peak_bytes("VmRSS"), time.perf_counter()
    engines.load(engine, file, threads)(feeds)
    first_ms = (time.perf_counter() - began) * 1e3
    return {"first_ms": first_ms, "peak": peak_bytes(), "grown": peak_bytes() - before}


def main():
    engine, model, threads, inputs, job = sys.argv[1:]
    threads, job = int(threads), json.loads(job)
    with np.load(inputs) as arrays:
        feeds = dict(arrays)
    try:
        file = engines.prepare(engine, model)
        if job["do"] == "outputs":
            np.savez(job["out"], **engines.load(engine, file, threads)(feeds))
            result = {}
        elif job["do"] == "start":
            result = started(engine, file, threads, feeds)
        else:
            result = timed(engine, file, threads, feeds, job)
    except engines.Failed as failure:
        sys.exit(str(failure))
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main()
