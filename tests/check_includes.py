"""Holds every #include in src/ and include/ to the table of rooms.

The table is what CMake links: DEPS of each stretto_room. A room may include itself, its row, and what its row reaches;
its tests also what TEST_DEPS says. docs/architecture.md must show the same rows. Beyond that:
  - other rooms see of the kernels only kernels/cpu/tables.h;
  - nobody sees the rows of the CUDA plug-in (kernels/cuda): what is needed of them crosses its interface;
  - files for one instruction set (kernels/cpu/x86/<isa>/) hold loops alone: a few headers that define no shared inline
    functions, and nothing of another instruction set;
  - the command line sees the public API alone, the public API only the standard library and itself;
  - each third-party library stays in the rooms that need it, <fmt/…> and JSON out of headers.
Prints every breach as file:line and ends with 1 if there is one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Third-party header prefix: rooms that may include it.
LIBRARIES = {
    "onnx.pb.h": {"onnx"},
    "google/protobuf/": {"onnx"},
    "flatbuffers/": {"plan"},
    "plan_generated.h": {"plan"},
    "nettle/": {"builder"},
    "xxhash.h": {"base"},
    "jpeglib.h": {"samples"},
    "png.h": {"samples"},
    "CLI/": {"cli"},
    "spdlog/": {"cli"},
    "nlohmann/": {"builder", "tools", "cli"},
    "cuda_": {"cuda_rows"},
}
# Public header: rooms that may include it; those not named here are for all.
PUBLIC = {
    "stretto/build.h": {"builder", "tools", "cli"},
    "stretto/samples.h": {"tools", "cli"},
    "stretto/stretto.h": {"builder", "tools", "cli"},
    "stretto/tools.h": {"tools", "cli"},
}
ISA_SYSTEM_HEADERS = {"immintrin.h", "arm_neon.h", "cstdint", "cstddef", "cstring", "stdint.h", "stddef.h", "string.h"}
# Folders whose instruction set has all of another's: they may include that folder's headers, too.
ISA_EXTENDS = {
    "fp16": "avx512",
    "fp16_emulated": "avx512",
    "avx_vnni": "avx2_integer",
    "avx512_vnni": "avx512_integer",
}
ISA_LOCAL_HEADER = re.compile(r"_(loops|params)\.h$|/(loops|params)\.h$")


def read_table():
    """({room: folder below src/}, {room: row}, {room: row of its tests}) from the CMake files."""
    folders, rows, test_rows = {}, {}, {}
    for file in [SRC / "CMakeLists.txt", *sorted(SRC.rglob("*/CMakeLists.txt"))]:
        text = re.sub(r"#.*", "", file.read_text())
        here = file.parent.relative_to(SRC).as_posix()
        for call in re.findall(r"stretto_room\(([^)]*)\)", text):
            words, room, key = call.split(), None, None
            room, found = words[0], {"DIR": [], "DEPS": [], "TEST_DEPS": [], "LIBS": []}
            for word in words[1:]:
                if word in found:
                    key = word
                else:
                    found[key].append(word)
            folder = found["DIR"][0]
            folders[room] = here if folder.startswith("${") else folder
            rows[room], test_rows[room] = set(found["DEPS"]), set(found["TEST_DEPS"])
        for room, linked in re.findall(r"target_link_libraries\(stretto_(\w+) PUBLIC ([^)]*)\)", text):
            if room not in rows and (SRC / here).is_dir() and here != ".":
                deps = set(re.findall(r"\bstretto_(\w+)", linked))
                if room in ("kernels", "cli"):
                    folders[room], rows[room], test_rows[room] = here, deps, set()
        for room, linked in re.findall(r"target_link_libraries\((\w+)_test PRIVATE ([^)]*)\)", text):
            test_rows.setdefault(room, set()).update(set(re.findall(r"\bstretto_(\w+)", linked)) - {room})
    return folders, rows, test_rows


def reach(rows, start):
    seen, todo = set(), list(start)
    while todo:
        room = todo.pop()
        if room not in seen:
            seen.add(room)
            todo.extend(rows.get(room, ()))
    return seen | {"base"}


def room_of(path, folders):
    """The room with the longest folder that holds `path` (relative to src/, posix)."""
    fitting = [r for r, f in folders.items() if path.startswith(f + "/")]
    return max(fitting, key=lambda r: len(folders[r]), default=None)


def isa_folder(path):
    match = re.match(r"kernels/cpu/(?:x86|arm)/(\w+)/", path)
    return match.group(1) if match else None


def includes(file):
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


class Checker:
    def __init__(self):
        self.folders, self.rows, self.test_rows = read_table()
        self.breaches, self.files, self.count = [], 0, 0

    def breach(self, where, text):
        self.breaches.append(f"{where}: {text}")

    def check_source(self, file):
        path = file.relative_to(SRC).as_posix()
        room = room_of(path, self.folders)
        if room is None:
            self.breach(f"src/{path}", "lies in no room: put it into one, or give its folder a row in src/CMakeLists.txt")
            return
        test = path.endswith(("_test.cc", "_bench.cc")) or file.name.startswith("test")
        allowed = reach(self.rows, self.rows[room] | {room})
        if test:
            allowed |= reach(self.rows, self.test_rows.get(room, set()))
        isa = None if test else isa_folder(path)
        for number, quoted, name in includes(file):
            self.count += 1
            where = f"src/{path}:{number}"
            if isa:
                self.check_isa(where, path, isa, quoted, name)
            elif quoted and "/" in name and (SRC / name).exists():
                self.check_room(where, room, allowed, name, test)
            else:
                self.check_library(where, room, file.suffix == ".h", test, name, quoted)

    def check_isa(self, where, path, isa, quoted, name):
        if not quoted:
            if name not in ISA_SYSTEM_HEADERS:
                self.breach(where, f"<{name}> may define inline functions, which would be compiled for {isa} and used by "
                                   f"all: move what needs it out of this folder")
            return
        other = isa_folder(name)
        if other and other not in (isa, ISA_EXTENDS.get(isa)):
            self.breach(where, f'"{name}" is of another instruction set')
        elif not other and not ISA_LOCAL_HEADER.search(name):
            self.breach(where, f'"{name}": files of one instruction set include only *_loops.h and *_params.h')

    def check_room(self, where, room, allowed, name, test):
        target = room_of(name, self.folders)
        if target is None:
            self.breach(where, f'"{name}" lies in no room')
        elif target != room and room == "cli":
            self.breach(where, f'"{name}": the command line sees the public API alone (<stretto/…>)')
        elif target not in allowed:
            row = ", ".join(sorted(self.rows[room])) or "nothing"
            self.breach(where, f'"{name}": {room} may not include {target} (its row: {row})')
        elif target == "kernels" and room != "kernels" and name != "kernels/cpu/tables.h" and not test:
            self.breach(where, f'"{name}": other rooms see of the kernels only kernels/cpu/tables.h')

    def check_library(self, where, room, header, test, name, quoted):
        if name.startswith("gtest/") or name.startswith("gmock/"):
            if not test:
                self.breach(where, f"<{name}> outside a test")
            return
        if test:
            return
        for prefix, rooms in LIBRARIES.items():
            if name.startswith(prefix) and room not in rooms:
                self.breach(where, f"<{name}> belongs to {', '.join(sorted(rooms))}")
        if name in PUBLIC and room not in PUBLIC[name]:
            self.breach(where, f"<{name}> is the build side's: only {', '.join(sorted(PUBLIC[name]))} may see it")
        if header and name.startswith(("fmt/", "nlohmann/")) and room != "cli":
            self.breach(where, f"<{name}> in a header: it costs every includer compile time; include it in the .cc")
        if quoted and "/" in name and name.split("/")[0] in {f.split("/")[0] for f in self.folders.values()}:
            self.breach(where, f'"{name}" does not exist')

    def check_public(self, file):
        path = file.relative_to(ROOT).as_posix()
        for number, quoted, name in includes(file):
            self.count += 1
            if quoted or ("/" in name and not name.startswith("stretto/")):
                self.breach(f"{path}:{number}", f'"{name}": the public API includes only the standard library and itself')

    def check_document(self):
        """Each row of the table in docs/architecture.md reads | `folder` | … | room, room |."""
        document = ROOT / "docs" / "architecture.md"
        shown = {}
        for line in document.read_text().splitlines():
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if line.startswith("| `") and len(cells) == 3:
                folder = cells[0].strip("`").rstrip("/")
                shown[folder] = set(re.findall(r"`([\w/]+?)/?`", cells[2]))
        for room, folder in self.folders.items():
            row = {self.folders[d] for d in self.rows[room]}
            if folder not in shown:
                self.breach("docs/architecture.md", f"the table has no row for `{folder}/`")
            elif shown[folder] != row:
                self.breach("docs/architecture.md", f"`{folder}/` may include {sorted(row)} as CMake links it, the table "
                                                    f"says {sorted(shown[folder])}")

    def run(self):
        sources = [f for f in sorted(SRC.rglob("*")) if f.suffix in (".h", ".cc", ".cu", ".cuh")]
        headers = sorted((ROOT / "include").rglob("*.h"))
        for file in sources:
            self.check_source(file)
        for file in headers:
            self.check_public(file)
        self.check_document()
        self.files = len(sources) + len(headers)


def main():
    checker = Checker()
    checker.run()
    for breach in checker.breaches:
        print(breach)
    print(f"{checker.files} files, {checker.count} includes, {len(checker.rows)} rooms: {len(checker.breaches)} breaches")
    return 1 if checker.breaches or not checker.count else 0


if __name__ == "__main__":
    sys.exit(main())
