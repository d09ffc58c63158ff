#!/bin/bash
# Our fp16 plans against our fp32 ones on this machine, with nothing but our own programs:
#   bench/fp16.sh BIN THREADS MODEL.onnx…      (BIN: a folder with stretto and, to test first, kernels_test)
# The latency is the least of the medians of five rounds that take turns; the error is that against the FP32 reference.
set -euo pipefail
bin=$1 threads=$2
shift 2
plans=$(mktemp -d)
trap 'rm -rf "$plans"' EXIT

if [ -x "$bin/kernels_test" ]; then "$bin/kernels_test" --gtest_brief=1; fi

median() { # of one plan, milliseconds
  "$bin/stretto" bench "$1" --threads "$threads" --quiet --json | sed -n 's/.*"p50": *\([0-9.e-]*\).*/\1/p' | head -1
}
least() { awk -v a="$1" -v b="$2" 'BEGIN { print (a == "" || b < a) ? b : a }'; }

echo "| network | fp32 ms | fp16 ms | fp16 / fp32 | error | cosine |"
echo "| --- | --- | --- | --- | --- | --- |"
for model in "$@"; do
  name=$(basename "$model" .onnx)
  for precision in fp32 fp16; do
    "$bin/stretto" build "$model" -o "$plans/$precision" --threads "$threads" --precision "$precision" --quiet \
      --log-tactics "$name-$precision.choices" > "$plans/$precision.txt"
  done
  fp32='' fp16=''
  for _ in 1 2 3 4 5; do
    fp32=$(least "$fp32" "$(median "$plans/fp32")")
    fp16=$(least "$fp16" "$(median "$plans/fp16")")
  done
  found=$(sed -n 's/^ *error .*: \([0-9.e+-]*\) of its range, cosine \([0-9.]*\).*/\1 | \2/p' "$plans/fp16.txt" | head -1)
  awk -v n="$name" -v a="$fp32" -v b="$fp16" -v e="$found" \
    'BEGIN { printf "| %s | %.3f | %.3f | %.2f | %s |\n", n, a, b, b / a, e }'
done
