import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../deploy/packages.sh", import.meta.url));

// ./run runs under `set -e`, where a failing dpkg-query once ended the search without a word.
test("a package that dpkg has never heard of counts as missing, also under set -e", () => {
    const program = `set -euo pipefail; . "$1"; mapfile -t missing < <(missing_packages bash no-such-package-1)
        printf '%s\\n' "\${missing[@]}"`;
    const printed = execFileSync("bash", ["-c", program, "bash", script], { encoding: "utf8" });
    assert.equal(printed, "no-such-package-1\n");
});
