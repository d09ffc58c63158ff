"""Is what `pip install` put into a folder whole? Called by ./test with that folder, which is first on the path.

    PYTHONPATH=FOLDER python tests/installed_package.py FOLDER
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx

sys.path.append(str(pathlib.Path(__file__).parent))
import networks  # noqa: E402
import stretto  # noqa: E402


def main():
    folder = pathlib.Path(sys.argv[1])
    assert pathlib.Path(stretto.__file__).is_relative_to(folder), stretto.__file__
    for name in ("stretto/_native.pyi", "stretto/py.typed", "stretto/lab/source/bench/engines/__init__.py",
                 "stretto/lab/source/tests/networks.py", "bin/stretto", "bin/stretto-lab"):
        assert (folder / name).exists(), f"the package lacks {name}"
    module = next((folder / "stretto").glob("_native*.so"))
    shown = subprocess.run(["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1].split("@")[0] for line in shown.splitlines()}
    assert names == {"PyInit__native"}, f"the module shows more than its entry: {sorted(names)[:5]}"
    with tempfile.TemporaryDirectory() as place:
        model, plan, x = (pathlib.Path(place) / n for n in ("m.onnx", "m.plan", "x.npy"))
        onnx.save(networks.build("squeezenet1_1", 1, (67, 67), 0.25, classes=20), model)
        stretto.build(model, tactic_cache="none", time_budget_s=1).save(str(plan))
        np.save(x, networks.sample("squeezenet1_1", (1, 3, 67, 67)))
        subprocess.run([folder / "bin/stretto", "run", plan, "--input", x, "--output", plan.parent / "out"], check=True)
        assert (np.load(plan.parent / "out" / "x.npy") == stretto.load(plan)(np.load(x))["y"]).all()
    print(f"the installed package builds and runs; its module shows {names.pop()} alone")


if __name__ == "__main__":
    main()
