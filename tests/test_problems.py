"""Claims about bench/problems/*.txt and the program that reads them."""
import json

import pytest

import networks
import tool

FOLDER = tool.ROOT / "bench" / "problems"
FILES = sorted(FOLDER.glob("*.txt"))
RELU = "%0 f32[1x8x6x6] plain in; %1 f32[1x8x6x6] plain out; %1 = unary(kind=relu,a=0,b=0) %0"


def bench(*arguments):
    return tool.call("problem_bench", *arguments)


def refusal(*arguments):
    return tool.refusal(2, *arguments, program="problem_bench")


def test_every_network_has_its_problems():
    assert [f.stem for f in FILES] == sorted(n + kind for n in networks.NETWORKS for kind in ("", "_int8"))


def test_every_line_is_a_problem():
    done = bench("--parse", *FILES)
    assert done.returncode == 0, done.stderr


def test_tactics_agree_with_the_reference_on_a_sample():
    done = bench("--check", "--json", "--sample", 40, "--threads", 2, *FILES)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert len(report["problems"]) == 40 and report["checked"] >= 40 and report["wrong"] == 0
    assert all(p["tactics"] for p in report["problems"]), "every problem of a plan has a tactic"


def test_integer_tactics_agree_with_the_reference_to_the_bit_on_a_sample():
    done = bench("--check", "--json", "--sample", 15, "--threads", 2, *FOLDER.glob("*_int8.txt"))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert len(report["problems"]) == 15 and report["wrong"] == 0
    integer = [p for p in report["problems"] if "_integer(" in p["problem"]]
    assert integer and all(row["error"] == 0 for p in integer for row in p["tactics"])


def test_the_same_seed_draws_the_same_problems():
    def drawn(seed):
        done = bench("--check", "--json", "--sample", 5, "--seed", seed, FOLDER / "shufflenet_v2.txt")
        return [p["line"] for p in json.loads(done.stdout)["problems"]]
    assert drawn(3) == drawn(3) != drawn(4)


def test_times_stand_beside_the_peak(tmp_path):
    file = tmp_path / "one.txt"
    file.write_text(f"# a comment\n\n{RELU}\n{RELU}\n")
    report = json.loads(bench("--json", "--threads", 1, "--seconds-each", 0.001, file).stdout)
    assert report["peak_gflops"] > 0
    (problem,) = report["problems"]
    assert (problem["file"], problem["line"], problem["problem"]) == (str(file), 3, RELU)
    for row in problem["tactics"]:
        assert row["ms"] > 0 and row["error"] <= row["allowed"] and row["verdict"] == "ok"
        assert row["percent_of_peak"] == pytest.approx(100 * row["gflops"] / report["peak_gflops"])


@pytest.mark.parametrize("line", ("nonsense", RELU[:-1] + "7", RELU.replace("relu", "rely"),
                                  RELU.replace("1x8x6x6] plain out", "1x8x6x7] plain out")))
def test_a_broken_line_is_named(line, tmp_path):
    file = tmp_path / "broken.txt"
    file.write_text(f"{RELU}\n# fine so far\n{line}\n")
    assert f"{file}:3: " in refusal("--check", file)


def test_what_cannot_be_benched_is_refused(tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("# nothing\n")
    assert "empty.txt" in refusal("--check", empty)
    assert "missing.txt" in refusal(tmp_path / "missing.txt")
    assert "no_such_tactic" in refusal("--check", "--sample", 1, "--tactic", "no_such_tactic", FILES[0])
