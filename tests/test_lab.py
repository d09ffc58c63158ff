"""stretto-lab: measures, goes on where it was interrupted, and writes a page that stands alone."""
import argparse
import html.parser
import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("stretto", reason="the Python module is not built: cmake --preset release -DSTRETTO_PYTHON=ON")

from stretto.lab import experiments, places, results, thesis  # noqa: E402

places.prepare()
from stretto.lab import run as running  # noqa: E402


def lab(*arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-m", "stretto.lab", *map(str, arguments)], capture_output=True, text=True,
                          timeout=120, env=environment)


def line_of(experiment, point, engine, **figures):
    return {"experiment": experiment.name, "point": running.key_of(point, 2), "subject": point.subject,
            "batch": point.batch, "x": point.x, "engine": engine, "figures": figures, "when": "2000-01-01T00:00:00",
            "machine": "a <machine>", "command": "stretto-lab run", "quick": True, "device": "cpu"}


@pytest.fixture
def filled(tmp_path):
    """Made-up figures of every experiment, one engine left out."""
    made = results.Results(tmp_path / "lab")
    for experiment in experiments.EXPERIMENTS.values():
        for number, point in enumerate(experiment.quick):
            for engine in point.engines[:3]:
                made.add([line_of(experiment, point, engine, p50=1.0 + number, p99=2.0, first_ms=3.0, model_bytes=10**6,
                                  **({"missed": 4} if point.job == "paced" else {}))])
        made.add([line_of(experiment, experiment.quick[0], "torch", left_out="made up")])
    return made


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "action", "data") and not value.startswith("#"):
                self.fetched.append(value)


def test_the_page_has_every_figure_and_fetches_nothing(filled):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    done = lab("report", filled.folder)
    assert done.returncode == 0, done.stderr
    text = (filled.folder / "index.html").read_text()
    page = Page(text)
    assert page.tags["svg"] == len(experiments.EXPERIMENTS) == page.tags["figcaption"]
    assert not page.fetched and "script" not in page.tags and "@import" not in text and "a <machine>" not in text
    for name in experiments.EXPERIMENTS:
        assert (filled.folder / f"{name}.png").stat().st_size > 1000 and (filled.folder / f"{name}.svg").exists()
    for size, _, imagenet in thesis.TABLE_3_1.values():
        assert f"<td>{size:.2f}</td>" in text and f"<td>{imagenet:.2f}</td>" in text
    assert "torch (made up)" in text and "(4 missed)" in text


def test_a_browser_shows_the_page(filled):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not browser:
        pytest.skip("chromium is not installed")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert lab("report", filled.folder).returncode == 0
    picture = filled.folder / "page.png"
    done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                           f"--screenshot={picture}", "--window-size=1000,4000", (filled.folder / "index.html").as_uri()],
                          capture_output=True, text=True, timeout=120)
    assert picture.stat().st_size > 20000
    assert "CONSOLE" not in done.stderr, done.stderr[-2000:]


def test_a_run_goes_on_where_it_was_interrupted(tmp_path, monkeypatch, capsys):
    points = tuple(experiments.Point(f"squeezenet1_1@{s}x{s}", 1, s, ("stretto", "onnxruntime")) for s in (48, 64))
    monkeypatch.setitem(experiments.EXPERIMENTS, "tiny", experiments.Experiment("tiny", "–", "", "side", "", points, points))
    import subjects
    monkeypatch.setattr(subjects, "CACHE", tmp_path / "cache")
    asked, real = [], running.measured

    def interrupted(point, *rest):
        asked.append(point.x)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(point, *rest)

    monkeypatch.setattr(running, "measured", interrupted)
    options = argparse.Namespace(quick=True, threads=2, device="cpu")
    with pytest.raises(KeyboardInterrupt):
        running.run(["tiny"], options, results.Results(tmp_path), "stretto-lab run tiny")
    (tmp_path / "results.jsonl").open("a").write('{"experiment": "ti')  # as a power cut leaves it
    again = results.Results(tmp_path)
    assert again.broken == 1
    assert running.run(["tiny"], options, again, "stretto-lab run tiny") == 0
    assert asked == [48, 64, 64]
    lines = results.Results(tmp_path).lines
    assert [(l["x"], l["engine"]) for l in lines] == [(x, e) for x in (48, 64) for e in points[0].engines]
    for line in lines:
        assert line["figures"]["p50"] > 0 and line["figures"]["error"] < 1e-4 and line["machine"] and line["command"]
    assert "1 of 2 points are there already" in capsys.readouterr().out


def test_what_cannot_be_measured_is_named(tmp_path, monkeypatch, capsys):
    import engines

    def refuse(*_):
        raise engines.Failed("made up")

    monkeypatch.setattr(running, "measured", refuse)
    options = argparse.Namespace(quick=True, threads=2, device="cpu")
    assert running.run(["cold-start"], options, results.Results(tmp_path), "") == 1
    assert "not measured: cold-start: mobilenet_v2, batch 1, 2 threads: made up" in capsys.readouterr().err


def test_wrong_usage_is_one_line(tmp_path):
    for arguments, words in ((("run", "nonsense", "--out", tmp_path), "no experiment nonsense"),
                             (("run", "--out", tmp_path), "which experiment?"), (("report", tmp_path), "no results there")):
        done = lab(*arguments)
        assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
    assert all(name in lab("list").stdout for name in experiments.EXPERIMENTS)
