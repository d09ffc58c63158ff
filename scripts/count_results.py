"""Prints "PASSED FAILED SKIPPED" of JUnit files, as CTest, GoogleTest and pytest write them.

Where CTest's own file is among them (ctest.xml), a test program whose cases stand in NAME_test.xml beside it counts by its
cases; one that left no such file, by its exit.
"""
import pathlib
import sys
import xml.etree.ElementTree as xml


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return "failed"
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped"
    return "passed"


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in map(pathlib.Path, sys.argv[1:]):
        for case in xml.parse(path).getroot().iter("testcase"):
            if path.name == "ctest.xml" and path.with_name(f"{case.get('name')}_test.xml").exists():
                continue
            counts[outcome(case)] += 1
    print(*counts.values())


if __name__ == "__main__":
    main()
