// The sandbox, driven by Stripe's own command line.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {freshFolder, removeFolders, run} from '../lib/process.mjs';
import {all, call, secretKey, startSandbox} from '../lib/sandbox.mjs';

const cli = fileURLToPath(new URL('node_modules/.bin/stripe', import.meta.url));
let sandbox, home;

before(async () => {
    sandbox = await startSandbox();
    home = await freshFolder();  // its configuration and its telemetry's id go here
});
after(async () => {
    await sandbox.program.stop();
    await removeFolders();
});

async function stripe(...args) {
    return run(cli, [...args, '--api-key', secretKey], {
        HOME: home,
        XDG_CONFIG_HOME: home,
        STRIPE_CLI_TELEMETRY_OPTOUT: '1',
    });
}

for (const type of ['customer.subscription.created', 'invoice.payment_failed',
                    'payment_intent.succeeded', 'customer.created'])
    test(`stripe trigger ${type}`, async () => {
        const triggered = await stripe('trigger', type, '--api-base', sandbox.url);
        assert.equal(triggered.code, 0, triggered.output);
        assert.match(triggered.output, /Trigger succeeded/);
        const events = await all(sandbox, '/v1/events', {type});
        assert.equal(events.length >= 1, true, triggered.output);
        assert.equal(events[0].type, type);
        assert.equal(events[0].object, 'event');
    });

test('stripe post and stripe get', async () => {
    const posted = await stripe('post', '/v1/customers', '-d', 'email=cli@example.com',
                                '--api-base', sandbox.url);
    assert.equal(posted.code, 0, posted.output);
    const made = JSON.parse(posted.output);
    const got = await stripe('get', `/v1/customers/${made.id}`, '--api-base', sandbox.url);
    assert.equal(JSON.parse(got.output).email, 'cli@example.com');
    assert.equal((await call(sandbox, 'GET', `/v1/customers/${made.id}`)).body.id, made.id);
});
