# shellcheck shell=bash
# Runs named steps, times each, and keeps count. Sourced by ./test and ./demo.
#
#   step NAME COMMAND…   runs it under a heading; a step that fails counts as one failed test
#   skipped NAME WHY     says by name what is left out
#   count FILES…         adds the results of JUnit files to the totals
#   summary              time by part, then the closing line; its status is 0 only if nothing failed

passed=0 failed=0 left_out=0
step_names=() step_seconds=() step_results=()

step() {
  local name=$1 began=$SECONDS result=ok status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  [ $status = 0 ] || result="failed ($status)"
  step_names+=("$name") step_seconds+=($((SECONDS - began))) step_results+=("$result")
  printf -- '-- %s: %s, %d s\n' "$name" "$result" $((SECONDS - began))
  return $status
}

skipped() {
  left_out=$((left_out + 1))
  step_names+=("$1") step_seconds+=(0) step_results+=("skipped: $2")
  printf '\n== %s: skipped: %s\n' "$1" "$2"
}

count() {
  local line
  line=$(python3 scripts/count_results.py "$@") || return 1
  local p f s
  read -r p f s <<<"$line"
  passed=$((passed + p)) failed=$((failed + f)) left_out=$((left_out + s))
}

# One test that is a command: passed or failed.
check() {
  if step "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

summary() {
  local i
  printf '\n== time by part\n'
  for i in "${!step_names[@]}"; do
    printf '%6d s  %-34s %s\n' "${step_seconds[$i]}" "${step_names[$i]}" "${step_results[$i]}"
  done
  printf '%6d s  %s\n\n' $SECONDS 'in all'
  if [ $left_out = 0 ]; then
    echo "$passed passed, $failed failed"
  else
    echo "$passed passed, $failed failed, $left_out skipped"
  fi
  [ $failed = 0 ] && [ $passed -gt 0 ]
}
