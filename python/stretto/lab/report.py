"""The page: every figure as SVG inside one HTML file that asks the network for nothing, and as files beside it."""
import html
import io
import pathlib

from . import thesis
from .experiments import EXPERIMENTS

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid #ccc;padding:.2rem .7rem;text-align:right}th:first-child,td:first-child{text-align:left}
figure{margin:1rem 0}svg{max-width:100%;height:auto}figcaption{color:#555;font-size:.9rem}code{font-size:.85rem}"""
OURS = ("stretto", "stretto-int8")
COLOURS = {"stretto": "#c1272d", "stretto-int8": "#f08a24", "onnxruntime": "#1f77b4", "onnxruntime-int8": "#74b3e0",
           "openvino": "#5b3a8c", "openvino-int8": "#a68cd1", "ncnn": "#2ca02c", "MNN": "#7f7f7f", "torch": "#17becf"}
FIGURE = {"time": ("p50", "ms a picture"), "paced": ("p99", "ms, 99th percentile"), "start": ("first_ms", "ms")}


def job_of(experiment):
    return experiment.quick[0].job


def value_of(experiment, line):
    """What is drawn; None for an engine that was left out."""
    figure, _ = FIGURE[job_of(experiment)]
    value = line["figures"].get(figure)
    return value / line["batch"] if value is not None and figure == "p50" else value


def draw(experiment, lines):
    """matplotlib's figure of an experiment."""
    from matplotlib.figure import Figure
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.add_subplot()
    engines = list(dict.fromkeys(l["engine"] for l in lines if value_of(experiment, l) is not None))
    if experiment.x:
        for engine in engines:
            points = sorted((l["x"], value_of(experiment, l)) for l in lines
                            if l["engine"] == engine and value_of(experiment, l) is not None)
            axes.plot(*zip(*points), marker="o", label=engine, color=COLOURS.get(engine),
                      linewidth=2.5 if engine in OURS else 1.2)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel(experiment.x)
    else:
        names = list(dict.fromkeys(l["x"] for l in lines))
        for number, engine in enumerate(engines):
            found = {l["x"]: value_of(experiment, l) for l in lines if l["engine"] == engine}
            shown = [(i, found[n]) for i, n in enumerate(names) if found.get(n) is not None]
            axes.bar([i + (number + 0.5) / len(engines) * 0.84 - 0.42 for i, _ in shown], [v for _, v in shown],
                     0.8 / len(engines), label=engine, color=COLOURS.get(engine))
        axes.set_xticks(range(len(names)), names)
    axes.set_ylabel(FIGURE[job_of(experiment)][1])
    axes.grid(True, which="both", alpha=0.25)
    axes.legend(fontsize=8, ncols=2)
    return figure


def svg_of(figure):
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg"):]


def cell(value):
    return "–" if value is None else f"{value:.2f}" if isinstance(value, float) else html.escape(str(value))


def table(head, rows):
    line = lambda cells, tag: "<tr>" + "".join(f"<{tag}>{cell(c)}</{tag}>" for c in cells) + "</tr>"
    return f"<table>{line(head, 'th')}{''.join(line(r, 'td') for r in rows)}</table>"


def results_table(experiment, lines):
    engines = list(dict.fromkeys(l["engine"] for l in lines))
    rows = []
    for point in dict.fromkeys(l["point"] for l in lines):
        found = {l["engine"]: l for l in lines if l["point"] == point}
        row = [point]
        for engine in engines:
            value = value_of(experiment, found[engine]) if engine in found else None
            missed = found[engine]["figures"].get("missed") if engine in found else None
            row.append(f"{value:.2f} ({missed} missed)" if value is not None and missed is not None else value)
        rows.append(row)
    return table(["", *engines], rows)


def table_3_1(lines):
    """Size and speed here beside the thesis's sizes and errors."""
    rows = []
    for network, (size, dogs, imagenet) in thesis.TABLE_3_1.items():
        ours = next((l for l in lines if l["subject"] == network and l["engine"] == "stretto" and "p50" in l["figures"]),
                    None)
        here = ours["figures"] if ours else None
        rows.append([network, size, here and here["model_bytes"] / 1e6, here and 1e3 / here["p50"], dogs, imagenet])
    return table(["network", "MB (thesis)", "MB here", "pictures a second here", "Dogs vs Cats error % (thesis)",
                  "ImageNet error % (thesis)"], rows)


def section(experiment, lines, folder):
    figure = draw(experiment, lines)
    svg = svg_of(figure)
    (folder / f"{experiment.name}.svg").write_text(svg)
    figure.savefig(folder / f"{experiment.name}.png", dpi=150)
    machines = "; ".join(dict.fromkeys(l["machine"] for l in lines))
    commands = "; ".join(dict.fromkeys(l["command"] for l in lines))
    left_out = dict.fromkeys(f"{l['engine']} ({l['figures']['left_out']})" for l in lines if "left_out" in l["figures"])
    text = [f"<h2 id='{experiment.name}'>{html.escape(experiment.title)}</h2>", f"<figure>{svg}<figcaption>",
            f"{html.escape(experiment.caption)} Thesis: figure {html.escape(experiment.figure)}. Medians of back-to-back "
            f"runs, the smallest of the rounds, unless the axis says otherwise. {html.escape(machines)}. "
            f"<code>{html.escape(commands)}</code></figcaption></figure>", results_table(experiment, lines)]
    if left_out:
        text.append(f"<p>Left out: {html.escape('; '.join(left_out))}</p>")
    if experiment.name in thesis.STATED:
        text.append(f"<p>The thesis: {html.escape(thesis.STATED[experiment.name])}</p>")
    if experiment.name == "networks":
        text.append(table_3_1(lines))
    return "\n".join(text)


def write(results):
    """results' folder/index.html; its path."""
    folder = pathlib.Path(results.folder)
    found = {name: [l for l in results.lines if l["experiment"] == name] for name in EXPERIMENTS}
    sections = [section(EXPERIMENTS[name], lines, folder) for name, lines in found.items()
                if any(value_of(EXPERIMENTS[name], l) is not None for l in lines)]
    missing = [name for name, lines in found.items() if not lines]
    page = [f"<!doctype html><html lang='en'><meta charset='utf-8'><title>stretto-lab</title><style>{STYLE}</style>",
            "<h1>stretto-lab</h1><p>Smaller is better in every figure. Peers run in the same rounds, with equal threads, "
            "after their answers have been compared with ours.</p>", *sections]
    if missing:
        page.append(f"<p>Not measured yet: {html.escape(', '.join(missing))}.</p>")
    target, partial = folder / "index.html", folder / "index.html.partial"
    partial.write_text("\n".join(page) + "</html>\n")
    partial.rename(target)
    return target
