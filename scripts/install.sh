# shellcheck shell=bash
# Installs what is missing on Debian 12 or Ubuntu 24.04, and only that. Sourced by ./test and ./demo, which stand in the
# repository's root.
#
#   install_packages   Debian packages: compiler, build tools, libraries
#   install_venv       .venv with scripts/requirements.txt, pinned
#   install_peers      the other engines that are measured beside ours

readonly kPackages=(
  g++ cmake ninja-build                                                   # the build
  protobuf-compiler libprotobuf-dev libonnx-dev                           # ONNX: protoc, protobuf-lite, onnx.proto
  flatbuffers-compiler libflatbuffers-dev libxxhash-dev nettle-dev        # plans: schema, checksums, SHA-256
  libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev                # the command line
  libjpeg-dev libpng-dev                                                  # pictures
  libgtest-dev                                                            # unit tests
  python3 python3-dev python3-venv python3-pip                            # the Python module, end-to-end tests
)

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "install: '$*' needs root: run this as root, or install sudo" >&2
    return 1
  fi
}

is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "install: no apt-get here; needed are: ${kPackages[*]}" >&2
    return 1
  fi
  local missing=() package
  for package in "${kPackages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then
    echo "packages: all ${#kPackages[@]} are there"
    # Tests fetch a package of pictures with 'apt-get download', which needs the lists.
    compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || as_root apt-get update -q
    return 0
  fi
  echo "packages: installing ${missing[*]}"
  as_root apt-get update -q || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# pip_install FILE: the requirements of FILE into .venv, once for each content of FILE. A pin that cannot be had here is
# replaced by the newest version, and said.
pip_install() {
  local file=$1 stamp line
  stamp=.venv/.$(basename "$file").installed
  if cmp -s "$file" "$stamp"; then
    echo "python: $file is installed"
    return 0
  fi
  echo "python: installing $file"
  if ! .venv/bin/python -m pip install -q --disable-pip-version-check -r "$file"; then
    echo "python: not all pins of $file can be had together; one by one"
    while read -r line; do
      case $line in '' | '#'*) continue ;; esac
      .venv/bin/python -m pip install -q --disable-pip-version-check "$line" && continue
      echo "python: $line cannot be had, taking the newest ${line%%==*}"
      .venv/bin/python -m pip install -q --disable-pip-version-check "${line%%==*}" || return 1
    done <"$file"
  fi
  cp "$file" "$stamp"
}

install_venv() {
  local python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    echo "python: making .venv with $($python --version)"
    rm -rf .venv
    "$python" -m venv .venv || return 1
  fi
  pip_install scripts/requirements.txt
}

install_peers() { pip_install scripts/requirements-peers.txt; }
