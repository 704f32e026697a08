#!/usr/bin/env python3
"""clang_tidy.py BUILD: clang-tidy over the sources that changed since they last had no complaint.

Most of clang-tidy's time goes into the headers of the standard library and of Boost, again for each
source. So the sources of one folder are looked at together, several per translation unit, as long as
they declare no two local things of one name. A group is known by the hash of its sources, of every
header of ours that the compiler read for them (Ninja kept that list when it built), and of
.clang-tidy; a hash without complaint leaves a stamp in build/tidy-cache.

The path analysis of clang-analyzer takes longer than all the rest; `--analyze` adds it. Tests are
left to the compiler: GoogleTest's macros cost more than they show.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

GROUP_MAX = 12
CACHE = Path("build/tidy-cache")
# suspicious-include is about our way of grouping. The others are about macros and assert, which we
# do not have, or repeat a compiler warning, and are slow.
LEFT_OUT = ["bugprone-suspicious-include", "bugprone-reserved-identifier", "bugprone-standalone-empty",
            "bugprone-multiple-statement-macro", "bugprone-assert-side-effect",
            "bugprone-suspicious-semicolon", "bugprone-implicit-widening-of-multiplication-result"]


def headers_of_sources(build):
    """What the compiler read: source -> files of ours."""
    log = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True)
    headers = {}
    for block in log.stdout.split("\n\n"):
        files = [os.path.relpath(Path(build, line.strip())) for line in block.splitlines()[1:]]
        ours = [f for f in files if f.startswith(("src/", "clients/"))]
        if ours and ours[0].endswith(".cc") and not ours[0].endswith("_test.cc") and "/tests/" not in ours[0]:
            headers[ours[0]] = sorted(f for f in set(ours) if Path(f).exists())
    return headers


def local_names(source):
    """Names declared in unnamed namespaces; ours stand at the beginning of a line."""
    names = set()
    text = Path(source).read_text()
    for body in re.findall(r"^namespace \{$(.*?)^\}  // namespace$", text, re.M | re.S):
        for line in body.splitlines():
            if re.match(r"[A-Za-z\[]", line):
                declared = re.search(r"(\w+)\s*(?:\(|=|\{|;|:\s)", re.sub(r"<[^<>]*>|\[\[.*?\]\]", "", line))
                if declared:
                    names.add(declared.group(1))
    return names


def groups_of(sources, commands):
    """Splits into lists that can stand in one translation unit, folder by folder."""
    groups = []
    for source in sorted(sources):
        names, flags = local_names(source), commands[source]
        for group in groups:
            if group["flags"] == flags and len(group["sources"]) < GROUP_MAX and not names & group["names"]:
                group["sources"].append(source)
                group["names"] |= names
                break
        else:
            groups.append({"flags": flags, "names": names, "sources": [source]})
    return [(group["flags"], group["sources"]) for group in groups]


def commands_of(build):
    """source -> (folder, compiler arguments without the names of source and object)."""
    commands = {}
    top = str(Path.cwd()) + "/"
    for entry in json.loads(Path(build, "compile_commands.json").read_text()):
        words = entry["command"].split()
        words = words[next(i for i, w in enumerate(words) if "clang++" in w):words.index("-o")]
        source = entry["file"].removeprefix(top)
        commands[source] = (str(Path(source).parent), entry["directory"], tuple(words))
    return commands


def digest(sources, headers):
    files = sorted({f for s in sources for f in headers[s]} | set(sources) | {".clang-tidy", "tests/clang_tidy.py"})
    text = "\n".join(sources) + "".join(hashlib.sha256(Path(f).read_bytes()).hexdigest() for f in files)
    return hashlib.sha256(text.encode()).hexdigest()


def tidy(flags, sources, checks):
    """Complaints about one group, or None when it does not compile as one."""
    folder = CACHE / "groups" / hashlib.sha256(" ".join(sources).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    # The analyzer looks into included sources only when the main file has this name.
    unit = folder / "UnifiedSource.cc"
    unit.write_text("".join(f'#include "{Path(s).resolve()}"\n' for s in sources))
    command = " ".join([*flags[2], "-c", str(unit.resolve())])
    entry = {"directory": flags[1], "file": str(unit.resolve()), "command": command}
    (folder / "compile_commands.json").write_text(json.dumps([entry]))
    done = subprocess.run(["clang-tidy-19", "-p", str(folder), "--quiet", "--checks=" + checks,
                           "--config-file=.clang-tidy", str(unit)], capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    if "clang-diagnostic-error" in done.stdout and len(sources) > 1:
        return None
    return done.stdout or done.stderr


def check(flags, sources, checks):
    output = tidy(flags, sources, checks)
    if output is None:
        output = "".join(tidy(flags, [source], checks) or "" for source in sources)
    return output


def main():
    build = sys.argv[1]
    analyze = "--analyze" in sys.argv[2:]
    checks = ",".join("-" + name for name in LEFT_OUT + ([] if analyze else ["clang-analyzer-*"]))
    headers, commands = headers_of_sources(build), commands_of(build)
    groups = groups_of([s for s in headers if s in commands], commands)
    CACHE.mkdir(parents=True, exist_ok=True)
    stamp = lambda sources: CACHE / (digest(sources, headers) + ("-analyzed" if analyze else ""))
    todo = [(flags, sources) for flags, sources in groups if not stamp(sources).exists()]
    print(f"clang-tidy: {len(headers)} sources in {len(groups)} groups, {len(todo)} groups to check", flush=True)
    if not groups:
        sys.exit(f"nothing was built in {build}")

    failed = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(check, flags, sources, checks): sources for flags, sources in todo}
        for done in concurrent.futures.as_completed(running):
            output, sources = done.result(), running[done]
            if output:
                failed = True
                print(f"== {' '.join(sources)}\n{output}", flush=True)
            else:
                stamp(sources).touch()
    sys.exit(failed)


if __name__ == "__main__":
    main()
