"""The command stretto-lab."""
import argparse
import os
import sys

from . import places
from .experiments import EXPERIMENTS
from .results import Results


def parser_of():
    parser = argparse.ArgumentParser("stretto-lab", description="The thesis's experiments on this machine, beside other "
                                     "engines, and one page of what was found.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="the experiments")
    run = verbs.add_parser("run", help="measure; what is there already is not measured again",
                           epilog="example: stretto-lab run resnet50-batch networks --quick --out results/")
    run.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help="see stretto-lab list")
    run.add_argument("--all", action="store_true", help="every experiment")
    run.add_argument("--quick", action="store_true", help="few points and short runs")
    run.add_argument("--device", choices=["cpu"], default="cpu")
    run.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: %(default)s")
    run.add_argument("--out", required=True, metavar="DIR", help="results.jsonl is written and continued there")
    report = verbs.add_parser("report", help="write DIR/index.html, and each figure as SVG and PNG")
    report.add_argument("folder", metavar="DIR")
    return parser


def run(parser, a):
    names = list(EXPERIMENTS) if a.all else a.experiments
    unknown = [n for n in names if n not in EXPERIMENTS]
    if unknown or not names:
        parser.error(f"{'no experiment ' + unknown[0] if unknown else 'which experiment?'}: give --all, or some of "
                     f"{', '.join(EXPERIMENTS)}")
    if a.threads < 1:
        parser.error("--threads must be positive")
    places.prepare()
    from . import run as running
    results = Results(a.out)
    command = "stretto-lab run " + " ".join([*names, *(["--quick"] if a.quick else []), "--threads", str(a.threads)])
    try:
        return running.run(names, a, results, command)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 130


def report(parser, a):
    results = Results(a.folder)
    if not results.lines:
        print(f"stretto-lab: error: {results.file}: no results there; measure some with stretto-lab run … --out {a.folder}",
              file=sys.stderr)
        return 2
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        print("stretto-lab: error: the page's figures need matplotlib: pip install 'stretto[lab]'", file=sys.stderr)
        return 1
    from . import report as reporting
    if results.broken:
        print(f"{results.file}: {results.broken} lines cannot be read and are left out", file=sys.stderr)
    print(reporting.write(results))
    return 0


def main():
    parser = parser_of()
    a = parser.parse_args()
    if a.verb == "list":
        for e in EXPERIMENTS.values():
            print(f"{e.name:16} {e.title} (thesis: figure {e.figure})")
        return 0
    return run(parser, a) if a.verb == "run" else report(parser, a)


if __name__ == "__main__":
    sys.exit(main())
