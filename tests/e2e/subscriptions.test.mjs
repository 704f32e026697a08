// The life of a subscription over /v1, as a seller's server drives it: seats, trials, planned changes, pauses,
// ends on a date, and what may not be asked.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {engines, Server} from '../lib/server.mjs';

const kDay = 86_400_000;
const inDays = (days) => new Date(Date.now() + days * kDay).toISOString().replace(/\.\d+Z$/, 'Z');

for (const engine of engines())
    describe(engine.name, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
        });
        after(() => server.end());

        const ask = (id, command, body) =>
            server.admin('POST', `/v1/subscriptions/${id}/${command}`, body);
        const done = async (id, command, body, status = 200) => {
            const answer = await ask(id, command, body);
            assert.equal(answer.status, status, JSON.stringify(answer.body));
            return answer.body;
        };
        const start = async (more = {}) => {
            const customer = await server.customer();
            const answer = await server.admin('POST', '/v1/subscriptions',
                                              {customer, plan: 'pro',
                                               payment_method: 'pm_card_visa', ...more});
            assert.equal(answer.status, 201, JSON.stringify(answer.body));
            return answer.body;
        };
        const refused = async (answer, status, reason) => {
            const {status: is, body} = await answer;
            assert.deepEqual([is, body.code], [status, reason], JSON.stringify(body));
        };

        test('seats, a planned downgrade, an end on a date, all taken back', async () => {
            const monthly = async () =>
                (await server.admin('GET', '/v1/revenue')).body.mrr.amount;
            const earned = await monthly();
            const {id, quantity} = await start({quantity: 3});
            assert.equal(quantity, 3);
            assert.equal(await monthly() - earned, 3 * 9_900);
            const planned = await done(id, 'change', {plan: 'starter'});
            assert.equal(planned.plan, 'pro');
            assert.deepEqual(
                [planned.pending_change.plan, planned.pending_change.quantity,
                 planned.pending_change.at],
                ['starter', 3, planned.current_period.end]);
            await refused(ask(id, 'cancel', {at: inDays(3)}), 409, 'subscription.change_pending');
            assert.equal((await done(id, 'cancel_pending_change')).pending_change, null);

            const more = await done(id, 'change', {quantity: 5});
            assert.equal(more.quantity, 5);
            const at = inDays(3);
            const ending = await done(id, 'cancel', {at, comment: 'moving', feedback: 'other'});
            assert.deepEqual([ending.cancel_at, ending.cancel_comment, ending.cancel_feedback],
                             [at, 'moving', 'other']);
            assert.equal((await done(id, 'cancel', {at})).cancel_at, at);
            assert.equal((await done(id, 'keep')).cancel_at, null);
            await done(id, 'cancel', {at: 'now'});
            const twice = await done(id, 'cancel', {at: 'now'});
            assert.equal(twice.status, 'canceled');
            assert.equal(twice.gives_access, false);
            const again = await done(id, 'reactivate', {}, 201);
            assert.deepEqual([again.plan, again.quantity, again.status], ['pro', 5, 'active']);
        });

        test('a trial without a card, moved, and had once', async () => {
            const trial = await start({payment_method: undefined, trial_days: 14,
                                       trial_end_behavior: 'pause'});
            assert.equal(trial.status, 'trialing');
            assert.equal(trial.trial.end_behavior, 'pause');
            const later = inDays(20);
            assert.equal((await done(trial.id, 'end_trial', {at: later})).trial.end, later);
            await done(trial.id, 'cancel', {at: 'now'});
            await refused(server.admin('POST', '/v1/subscriptions',
                                       {customer: trial.customer, plan: 'pro', trial_days: 3}),
                          409, 'subscription.trial_used');
        });

        test('a pause withholds the plan at once, and a resumption gives it back', async () => {
            const {id, customer} = await start();
            const plan = async () =>
                (await server.admin('GET', `/v1/usage?customer=${customer}`)).body.plan;
            assert.equal(await plan(), 'pro');
            const paused = await done(id, 'pause', {behavior: 'keep_as_draft', resumes_at: inDays(9)});
            assert.deepEqual([paused.status, paused.gives_access], ['paused', false]);
            assert.equal(await plan(), 'free');
            await refused(ask(id, 'change', {plan: 'enterprise'}), 409, 'subscription.paused');
            assert.equal((await done(id, 'resume')).status, 'active');
            assert.equal(await plan(), 'pro');
        });

        test('what may not be asked', async () => {
            const {id} = await start();
            const bad = 'request.invalid_body';
            const cases = [
                ['change', {}, 400, bad],
                ['change', {plan: 'starter', x: 1}, 400, bad],
                ['change', {quantity: 0}, 400, bad],
                ['change', {quantity: 1e9}, 400, bad],
                ['change', {quantity: 1.5}, 400, bad],
                ['change', {plan: 'starter', when: 'later'}, 400, bad],
                ['change', {interval: 'year'}, 400, 'billing.plan_not_sold'],
                ['change', {currency: 'eur'}, 400, 'billing.plan_not_sold'],
                ['cancel', {at: 'soon'}, 400, bad],
                ['cancel', {at: '2020-01-01T00:00:00Z'}, 422, 'subscription.date_not_ahead'],
                ['cancel', {at: '9999-01-01T00:00:00Z'}, 422, 'subscription.date_too_far'],
                ['cancel', {feedback: 'boring'}, 400, bad],
                ['cancel', {comment: 'x'.repeat(501)}, 400, bad],
                ['pause', {behavior: 'freeze'}, 400, bad],
                ['pause', {resumes_at: '2020-01-01T00:00:00Z'}, 422,
                 'subscription.date_not_ahead'],
                ['end_trial', {}, 409, 'subscription.not_trialing'],
                ['resume', {x: 1}, 400, bad],
                ['keep', {x: 1}, 400, bad],
                ['reactivate', {plan: 'pro'}, 400, bad],
                ['cancel_pending_change', {x: 1}, 400, bad],
            ];
            for (const [command, body, status, reason] of cases)
                await refused(ask(id, command, body), status, reason);
            for (const command of ['change', 'cancel', 'keep', 'pause', 'resume', 'end_trial',
                                   'reactivate', 'cancel_pending_change'])
                await refused(ask('sub_01ARZ3NDEKTSV4RRFFQ69G5FAV', command,
                                  command === 'change' ? {quantity: 2} : {}),
                              404, 'subscription.not_found');
            const customer = await server.customer();
            const starts = [
                [{quantity: 0}, 400, bad],
                [{trial_days: 731}, 400, bad],
                [{trial_days: -1}, 400, bad],
                [{trial_days: 1, trial_end: inDays(2)}, 400, bad],
                [{trial_end: '2020-01-01T00:00:00Z'}, 422, 'subscription.date_not_ahead'],
                [{trial_end: inDays(800)}, 422, 'subscription.date_too_far'],
                [{trial_end_behavior: 'pause'}, 400, bad],
                [{interval_count: 0}, 400, bad],
            ];
            for (const [more, status, reason] of starts)
                await refused(server.admin('POST', '/v1/subscriptions',
                                           {customer, plan: 'pro', ...more}), status, reason);
            assert.equal((await server.admin('GET', `/v1/subscriptions?customer=${customer}`))
                             .body.data.length, 0, 'nothing was written');
        });
    });
