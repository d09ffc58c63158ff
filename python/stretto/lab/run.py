"""Runs experiments: point by point, what is there already left alone."""
import contextlib
import os
import pathlib
import sys
import tempfile
import time

from .experiments import EXPERIMENTS

RATE_HZ, DEADLINE_MS = 30, 33
_built = set()  # plans of this run: an older one may be of another version


def key_of(point, threads):
    return f"{point.subject}, batch {point.batch}, {point.threads or threads} threads{', ' + point.isa if point.isa else ''}"


def job_of(point, quick):
    seconds = 1.0 if quick else 3.0
    return {"time": {"do": "time", "seconds": seconds}, "start": {"do": "start"},
            "paced": {"do": "time", "seconds": 4.0 if quick else 20.0, "rate": RATE_HZ, "deadline_ms": DEADLINE_MS},
            }[point.job]


@contextlib.contextmanager
def held_to(isa):
    """Peers that obey are held to an instruction set while this lasts."""
    names, before = {"ONEDNN_MAX_CPU_ISA": isa.upper(), "ATEN_CPU_CAPABILITY": isa}, dict(os.environ)
    if isa:
        os.environ.update(names)
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update({n: before[n] for n in names if n in before})


def measured(point, engines_here, options):
    """[(engine, figures)]: of an engine that is left out, {"left_out": why}."""
    import engines
    import measure
    import subjects
    threads = point.threads or options.threads
    wanted = [e for e in point.engines if e in engines_here]
    subject = subjects.Subject(point.subject, point.batch)
    for ours in [e for e in wanted if e in engines.OURS]:
        plan = (point.subject, point.batch, ours, threads, point.isa)
        subject.build_plan(ours, threads, point.isa, keep=plan in _built)
        _built.add(plan)
    with tempfile.TemporaryDirectory() as folder:
        errors, left_out = subject.errors(wanted, threads, pathlib.Path(folder))
    able = [e for e in wanted if e not in left_out]
    count = 2 if options.quick else 5
    rounds = measure.rounds(able, subject, threads, count, {"job": job_of(point, options.quick)}) if able else {}
    size = pathlib.Path(subject.model).stat().st_size
    found = []
    for engine in wanted:
        if engine in left_out:
            found.append((engine, {"left_out": left_out[engine]}))
            continue
        of_rounds = [r["job"] for r in rounds[engine]]
        figures = {f: min(r[f] for r in of_rounds) for f in of_rounds[0] if f not in ("missed", "runs")}
        if point.job == "paced":
            figures["missed"] = sum(r["missed"] for r in of_rounds)
            figures["runs"] = sum(r["runs"] for r in of_rounds)
        figures |= {"error": errors[engine], "model_bytes": size, "rounds": of_rounds}
        if engine in subject.cosines:
            figures["cosine"] = subject.cosines[engine]
        found.append((engine, figures))
    return found


def run(names, options, results, command):
    """0 when every point is there, 1 when some could not be measured; those are named."""
    import engines
    import measure
    todo = [(EXPERIMENTS[name], p) for name in names
            for p in (EXPERIMENTS[name].quick if options.quick else EXPERIMENTS[name].full)]
    known = {e for _, p in todo for e in p.engines}
    here = measure.present([e for e in [*engines.OURS, *engines.PEERS] if e in known])
    about = {"machine": measure.machine(here), "command": command, "quick": options.quick, "device": options.device}
    begun, done, failed = time.monotonic(), 0, []
    fresh = [(e, p) for e, p in todo if not results.has(e.name, key_of(p, options.threads))]
    if len(fresh) < len(todo):
        print(f"{len(todo) - len(fresh)} of {len(todo)} points are there already", flush=True)
    for experiment, point in fresh:
        key = key_of(point, options.threads)
        left = f", about {(time.monotonic() - begun) / done * (len(fresh) - done) / 60:.0f} min left" if done else ""
        print(f"[{done + 1}/{len(fresh)}] {experiment.name}: {key}{left}", flush=True)
        try:
            with held_to(point.isa):
                found = measured(point, here, options)
        except (engines.Failed, ValueError, OSError) as error:
            failed.append(f"{experiment.name}: {key}: {error}")
            print(failed[-1], file=sys.stderr, flush=True)
        else:
            results.add([{"experiment": experiment.name, "point": key, "subject": point.subject, "batch": point.batch,
                          "x": point.x, "engine": engine, "figures": figures, "when": time.strftime("%Y-%m-%dT%H:%M:%S"),
                          **about} for engine, figures in found])
        done += 1
    for line in failed:
        print(f"not measured: {line}", file=sys.stderr)
    return 1 if failed else 0
