// What Turnpike's Razorpay adapter sends, held against the types of npm razorpay: its own tests run once
// more, with a proxy between the adapter and the twin.
import assert from 'node:assert/strict';
import {dirname, join} from 'node:path';
import {after, before, describe, test} from 'node:test';

import {binary, run} from '../lib/process.mjs';
import {RazorpaySchemas} from '../lib/razorpay_schemas.mjs';
import {RecordingProxy} from '../lib/recording_proxy.mjs';
import {requestKind} from '../lib/stripe_schemas.mjs';

describe('the Razorpay adapter', () => {
    const schemas = new RazorpaySchemas();
    const program = join(dirname(binary), 'src/payments/razorpay/payments_razorpay_test');
    let proxy, sent;

    before(async () => {
        // The twin of each test says where it is.
        proxy = await RecordingProxy.start('');
        const {code, output} = await run(program, ['--gtest_brief=1'], {TURNPIKE_TEST_PROXY: proxy.url});
        assert.equal(code, 0, output);
        sent = proxy.exchanges.filter(({url}) => url.startsWith('/v1/'));
    });
    after(() => proxy.stop());

    test('sends only what the types know', () => {
        assert.deepEqual([...new Set(sent.flatMap((exchange) => schemas.request(exchange)))], []);
    });
    test('sends each request that is listed', () => {
        assert.deepEqual([...new Set(sent.map((exchange) => requestKind(schemas.requestKinds, exchange)))].sort(),
                         schemas.requestKinds.sort());
    });
    test('would be found out', () => {
        const request = (method, url, body = '') => schemas.request({method, url, body});
        assert.deepEqual(request('POST', '/v1/subscriptions', '{"plan_id":"plan_1","total_count":"12"}'),
                         ['POST /v1/subscriptions/total_count: must be number']);
        assert.deepEqual(request('GET', '/v1/plans?limit=1'), ['GET /v1/plans: has limit']);
        assert.deepEqual(request('POST', '/v1/plans/plan_1'),
                         ['POST /v1/plans/plan_1: is no request of the types']);
    });
});
