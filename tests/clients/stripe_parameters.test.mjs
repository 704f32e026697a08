// That the sandbox knows the names of all parameters that its operations have at Stripe: what it
// lacks of them it refuses by name (src/sandbox/stripe/wire/unsupported.h), never as unknown.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {file, stripeParameters} from '../lib/stripe_parameters.mjs';

test("stripe_parameters.txt is as the library's types and the sandbox's routes make it", () => {
    const made = stripeParameters().split('\n');
    const kept = readFileSync(file, 'utf8').split('\n');
    const hint = 'write it again: node tests/lib/stripe_parameters.mjs';
    assert.deepEqual(kept.filter((line) => !made.includes(line)), [], hint);
    assert.deepEqual(made.filter((line) => !kept.includes(line)), [], hint);
});
