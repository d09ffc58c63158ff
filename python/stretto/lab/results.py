"""Results on disk: results.jsonl, a line for each engine at each point, appended when a point is done."""
import json
import os
import pathlib


class Results:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.file = self.folder / "results.jsonl"
        self.lines, self.broken = [], 0
        if not self.file.exists():
            return
        for text in self.file.read_text(errors="replace").splitlines():
            try:
                line = json.loads(text)
                line["experiment"], line["point"], line["engine"], line["figures"]
                self.lines.append(line)
            except (ValueError, KeyError, TypeError):
                self.broken += 1  # cut off when the machine went down

    def has(self, experiment, point):
        return any(l["experiment"] == experiment and l["point"] == point for l in self.lines)

    def add(self, lines):
        """All engines of a point at once, so that a point is there whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(line) + "\n" for line in lines)
        with open(self.file, "ab") as file:
            if file.tell() and self.file.read_bytes()[-1:] != b"\n":
                file.write(b"\n")
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        self.lines += lines
