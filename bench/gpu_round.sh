#!/usr/bin/env bash
# One round on a machine with a GPU: what it is, correctness, the sanitizer, times, PyTorch beside. Needs Python with onnx,
# onnxruntime, pytest and, for PyTorch's part, torch and onnx2torch there; builds nothing.
#
#   bench/gpu_round.sh pack FOLDER            here: puts into FOLDER what a round needs (stripped programs, tests)
#   FOLDER/gpu_round.sh run OUT [NETWORK…]    there: writes reports to OUT and prints a summary
set -uo pipefail

pack() {  # FOLDER
  local root to=$1 library
  root=$(cd "$(dirname "$0")/.." && pwd)
  rm -rf "$to"
  mkdir -p "$to/bin" "$to/lib" "$to/tests"
  for program in stretto libstretto_cuda.so; do
    cp "$root/build/release/bin/$program" "$to/bin/" && strip "$to/bin/$program" || return 1
  done
  # Libraries that another distribution may lack; those of the C library itself must be the other machine's.
  ldd "$to/bin/stretto" | awk '/=> \// { print $3 }' | grep -Ev '/(libc|libm|libpthread|libdl|librt|ld-linux.*)\.so' |
    while read -r library; do cp -L "$library" "$to/lib/"; done
  cp "$root"/tests/{networks,onnx_writer,tool,int8,conftest,test_gpu}.py "$to/tests/"
  cp "$root"/bench/{gpu_round.sh,gpu_peers.py} "$to/"
  cp "$root/build/release/bin/cuda_rows_test" "$to/bin/" && strip "$to/bin/cuda_rows_test"
  du -sh "$to"
}

# Precisions of one network at one batch, as JSON files in OUT and a line each.
measure() {  # NAME BATCH PRECISION…
  local name=$1 batch=$2 precision
  shift 2
  local model=$work/b$batch/$name.onnx plans=()
  [ -e "$model" ] || python3 "$here/tests/networks.py" "$work/b$batch" --only "$name" --batch "$batch" >/dev/null
  for precision in "$@"; do
    local key=$name-b$batch-$precision recipe=()
    [ "$precision" != int8 ] || recipe=(--calib-cache "$work/$name.recipe")
    # A recipe is made once, from pictures of noise, and then read: integers are then the same for every batch.
    [ "$precision" != int8 ] || [ -e "$work/$name.recipe" ] || recipe+=(--calib "$(noise "$model" "$work/$name.noise")")
    "$here/bin/stretto" build "$model" -o "$work/$key.plan" --device cuda --precision "$precision" "${recipe[@]}" \
      --tactic-cache "$work/tactics" --json --quiet >"$out/$key.build.json" 2>"$out/$key.build.log" ||
      { echo "$key: $(tail -1 "$out/$key.build.log")"; continue; }
    plans+=("$work/$key.plan")
    "$here/bin/stretto" bench "$work/$key.plan" --device cuda --duration 1 --layers --json --quiet \
      >"$out/$key.json" 2>"$out/$key.log" || { echo "$key: $(tail -1 "$out/$key.log")"; continue; }
    python3 - "$out/$key" <<'PYTHON'
import json, sys
bench, build = json.load(open(sys.argv[1] + ".json")), json.load(open(sys.argv[1] + ".build.json"))
gpu, error = bench["gpu"], max(e["relative"] for e in build["errors"])
print(f"{sys.argv[1].split('/')[-1]}: device {gpu['network_ms']['p50']:.4f} ms (in a row {gpu['in_a_row_ms']:.4f}), "
      f"wall {bench['latency_ms']['p50']:.4f}, transfers {gpu['inputs_ms']:.4f} + {gpu['outputs_ms']:.4f}; plan is "
      f"{bench['precision']}, error {error:.1e}, built in {build['build_s']:.1f} s, load {bench['load_ms']:.0f} ms, "
      f"{gpu['open_ms']:.0f} of them until CUDA was up")
PYTHON
  done
  beside+=("$model=$(IFS=,; echo "${plans[*]}")")
}

# Four samples for calibration; prints their folder.
noise() {  # MODEL FOLDER
  python3 - "$@" <<'PYTHON'
import pathlib, sys
import numpy as np, onnx
dims = [d.dim_value for d in onnx.load(sys.argv[1]).graph.input[0].type.tensor_type.shape.dim]
folder = pathlib.Path(sys.argv[2])
folder.mkdir(exist_ok=True)
for i in range(4):
    np.save(folder / f"{i}.npy", np.random.default_rng(i).standard_normal((1, *dims[1:]), np.float32))
print(folder)
PYTHON
}

round() {  # OUT [NETWORK…]
  here=$(cd "$(dirname "$0")" && pwd) out=$1 work=$(mktemp -d) beside=()
  shift
  mkdir -p "$out"
  export LD_LIBRARY_PATH=$here/lib STRETTO_BIN=$here/bin
  "$here/bin/stretto" devices --no-peaks --json >"$out/devices.json"
  "$here/bin/stretto" devices --no-peaks
  nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem --format=csv >"$out/nvidia-smi.csv" 2>&1
  echo '== correctness'
  "$here/bin/cuda_rows_test" >"$out/rows.log" 2>&1
  tail -3 "$out/rows.log"
  (cd "$here" && python3 -m pytest -q -p no:cacheprovider tests/test_gpu.py -k 'on_the_gpu or of_the_gpu' \
    >"$out/pytest.log" 2>&1)
  tail -15 "$out/pytest.log"
  if command -v compute-sanitizer >/dev/null; then
    echo '== compute-sanitizer'
    python3 "$here/tests/networks.py" "$work/small" --small --only mobilenet_v2 >/dev/null
    "$here/bin/stretto" build "$work/small/mobilenet_v2.onnx" -o "$work/small.plan" --device cuda --precision fp16 \
      --types obey --selection heuristic --no-verify --quiet
    for tool in memcheck racecheck; do
      echo "$tool: $(compute-sanitizer --tool $tool "$here/bin/stretto" bench "$work/small.plan" --iterations 2 \
        --warmup 0 --json --quiet 2>&1 | grep -E 'ERROR SUMMARY|RACECHECK SUMMARY|Device not supported' | tail -1)"
    done
  fi
  echo '== times'
  measure resnet50 1 fp32 tf32 fp16 int8
  for batch in 8 32 128; do measure resnet50 $batch fp16; done
  for name in "$@"; do measure "$name" 1 fp16; done
  if python3 -c 'import torch, onnx2torch' 2>/dev/null; then
    echo '== PyTorch beside'
    python3 "$here/gpu_peers.py" "$out/peers.json" "${beside[@]}" --programs "$here/bin" 2>"$out/peers.log"
  fi
  rm -rf "$work"
}

case ${1:-} in
  pack) pack "${2:?a folder}" ;;
  run) shift && round "${1:?a folder for the reports}" "${@:2}" ;;
  *) sed -n '2,7p' "$0" | cut -c3- && exit 2 ;;
esac
