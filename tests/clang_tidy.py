#!/usr/bin/env python3
"""clang_tidy.py BUILD: clang-tidy over what changed since it last had no complaint.

Looks at the sources that were built in BUILD, the tests' apart: GoogleTest's macros cost more than they
show. A unit of them is known by the hash of every file of ours that the compiler read for it (Ninja
kept that list) and of .clang-tidy; a hash without complaint leaves a stamp in build/tidy-cache.

The path analysis of clang-analyzer takes longer than all the rest; `--analyze` adds it, and others that are slow.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CACHE = Path("build/tidy-cache")
OURS = ("src/", "clients/")
# suspicious-include is about units of several sources. The others are slow, and are about macros, assert
# and C's strings, which we do not have, repeat what the compiler or tests/tidy refuses, or are taste.
LEFT_OUT = ["bugprone-suspicious-include", "bugprone-reserved-identifier", "bugprone-standalone-empty",
            "bugprone-multiple-statement-macro", "bugprone-assert-side-effect",
            "bugprone-suspicious-semicolon", "bugprone-implicit-widening-of-multiplication-result",
            "bugprone-narrowing-conversions", "bugprone-stringview-nullptr",
            "bugprone-suspicious-string-compare", "bugprone-not-null-terminated-result",
            "bugprone-chained-comparison", "bugprone-inc-dec-in-conditions",
            "bugprone-swapped-arguments", "misc-definitions-in-headers",
            "misc-unused-using-decls", "modernize-use-nullptr", "modernize-use-using",
            "readability-container-size-empty", "cppcoreguidelines-virtual-class-destructor",
            "bugprone-multiple-new-in-one-expression", "bugprone-misplaced-widening-cast"]
# Worth knowing, and a quarter of the time of all the others.
WITH_ANALYZE = ["clang-analyzer-*", "bugprone-infinite-loop", "performance-unnecessary-value-param"]


def files_of_objects(build):
    """What the compiler read: object -> files of ours."""
    log = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True)
    files = {}
    for block in log.stdout.split("\n\n"):
        object_line, *lines = block.splitlines() or [""]
        read = {os.path.relpath(Path(build, line.strip())) for line in lines if "/usr/" not in line}
        files[object_line.split(":")[0]] = sorted(f for f in read if f.startswith(OURS) and Path(f).exists())
    return files


def without_precompiled_headers(build, folder):
    """Writes the commands to a folder of their own: clang-tidy would look at all of each such header."""
    entries = json.loads(Path(build, "compile_commands.json").read_text())
    for entry in entries:
        entry["command"] = re.sub(r" -Xclang -include-pch -Xclang \S+ -Xclang -include -Xclang \S+", "",
                                  entry["command"])
    Path(folder, "compile_commands.json").write_text(json.dumps(entries))


def sources_of(unit):
    """What a unit of several sources includes; itself, if it is a source of ours."""
    if "/Unity/" not in unit:
        return [os.path.relpath(unit)]
    return [os.path.relpath(path) for path in re.findall(r'^#include "(.+)"', Path(unit).read_text(), re.M)]


def units_of(build):
    """unit -> the files it is known by. Each source is in one unit, the largest (cmake/ClangTidy.cmake)."""
    read_with = {}
    for built, files in files_of_objects(build).items():
        is_of_tests = "_test.dir/" in built or "_testing.dir/" in built
        if built.startswith(OURS) and not is_of_tests:
            read_with |= {file: files for file in files if file.endswith(".cc")}
    entries = json.loads(Path(build, "compile_commands.json").read_text())
    entries.sort(key=lambda entry: "turnpike_read.dir/" not in entry["command"])
    units = {}
    for entry in entries:
        sources = sources_of(entry["file"])
        if all(source in read_with for source in sources):
            units[entry["file"]] = sorted({f for source in sources for f in read_with.pop(source)})
    return units


def digest(files, checks):
    known_by = [*files, ".clang-tidy"]
    text = checks + "".join(f + hashlib.sha256(Path(f).read_bytes()).hexdigest() for f in known_by)
    return hashlib.sha256(text.encode()).hexdigest()


def complaints(commands, unit, checks):
    done = subprocess.run(["clang-tidy-19", "-p", commands, "--quiet", "--checks=" + checks, unit],
                          capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout or done.stderr


def main():
    build = sys.argv[1]
    analyze = "--analyze" in sys.argv[2:]
    checks = ",".join("-" + name for name in LEFT_OUT + ([] if analyze else WITH_ANALYZE))
    units = units_of(build)
    if not units:
        sys.exit(f"nothing was built in {build}")
    CACHE.mkdir(parents=True, exist_ok=True)
    stamps = {unit: CACHE / digest(files, checks) for unit, files in units.items()}
    todo = [unit for unit in units if not stamps[unit].exists()]
    print(f"clang-tidy: {len(units)} units, {len(todo)} to check", flush=True)

    failed = False
    with tempfile.TemporaryDirectory() as commands, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        without_precompiled_headers(build, commands)
        running = {pool.submit(complaints, commands, unit, checks): unit for unit in todo}
        for done in concurrent.futures.as_completed(running):
            unit = running[done]
            if done.result():
                failed = True
                print(f"== {os.path.relpath(unit)}\n{done.result()}", flush=True)
            else:
                stamps[unit].touch()
    sys.exit(failed)


if __name__ == "__main__":
    main()
