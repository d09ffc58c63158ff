"""Where things are: in a checkout bench/ and tests/ of the repository, in a wheel the copies that it carries."""
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
_CHECKOUT = HERE.parents[2]
IN_CHECKOUT = (_CHECKOUT / "bench" / "measure.py").exists()
SOURCE = _CHECKOUT if IN_CHECKOUT else HERE / "source"


def prepare():
    """Makes `measure`, `engines`, `subjects` and `networks` importable. What is downloaded or converted is kept in the
    user's cache folder, or in the checkout's."""
    if not IN_CHECKOUT:
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
        os.environ.setdefault("STRETTO_LAB_CACHE", str(cache / "stretto-lab"))
    beside = pathlib.Path(sys.executable).parent / "stretto"
    found = beside if beside.exists() else shutil.which("stretto")
    if found and not IN_CHECKOUT:
        os.environ.setdefault("STRETTO_BIN", str(pathlib.Path(found).parent))
    for folder in ("tests", "bench"):
        if str(SOURCE / folder) not in sys.path:
            sys.path.insert(0, str(SOURCE / folder))
