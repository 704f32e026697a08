// That the sandbox knows by name what Stripe has and it has not (src/sandbox/stripe/wire/unsupported.h):
// every parameter of its operations, and every operation of the library's that it lacks.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {test} from 'node:test';
import {stripeTables} from '../lib/stripe_parameters.mjs';

for (const [file, text] of Object.entries(stripeTables()))
    test(`${basename(file)} is as the library's types and the sandbox's routes make it`, () => {
        const made = text.split('\n');
        const kept = readFileSync(file, 'utf8').split('\n');
        const hint = 'write it again: node tests/lib/stripe_parameters.mjs';
        assert.deepEqual(kept.filter((line) => !made.includes(line)), [], hint);
        assert.deepEqual(made.filter((line) => !kept.includes(line)), [], hint);
    });
