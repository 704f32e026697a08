// Scenarios: lifecycles in the words of the domain, told with a clock that moves by hand. The
// language is in docs/testing.md; tests/scenarios/ holds the tellings. A word that is not known
// fails the scenario: nothing is skipped.
import {readFileSync} from 'node:fs';
import {sleep} from './process.mjs';
import {all, call} from './sandbox.mjs';

const exponents = {jpy: 0, krw: 0, kwd: 3, bhd: 3, jod: 3, omr: 3, tnd: 3};
// What webhooks bring waits behind those of every other telling, which are delivered one by one.
const patience = 120_000;

/// What the steps of a file say: [{line, words, wanted: [text]}]. A line that begins with "->" goes
/// on with what the step before is expected to lead to.
export function parseScenario(text) {
    const steps = [];
    for (const [index, raw] of text.split('\n').entries()) {
        const line = raw.replace(/(^|\s)#.*$/, '').trim();
        if (!line) continue;
        const arrow = line.indexOf('->');
        const told = (arrow < 0 ? line : line.slice(0, arrow)).trim();
        const wanted = arrow < 0 ? [] : line.slice(arrow + 2).split(';').map((one) => one.trim());
        if (wanted.some((one) => !one)) throw new Error(`line ${index + 1}: nothing is expected`);
        if (told) steps.push({line: index + 1, words: told.split(/\s+/), wanted});
        else if (steps.length) steps.at(-1).wanted.push(...wanted);
        else throw new Error(`line ${index + 1}: there is no step before`);
    }
    return steps;
}

/// "20.00" of a currency in minor units.
export function minor(text, currency) {
    const digits = exponents[currency.toLowerCase()] ?? 2;
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    if (!match || (match[3] ?? '').length !== digits)
        throw new Error(`"${text}" is no amount in ${currency}: it has ${digits} decimals`);
    return Number(match[1] + match[2] + (match[3] ?? ''));
}
/// The reverse.
export function amountText({amount, currency}) {
    const digits = exponents[currency.toLowerCase()] ?? 2;
    const whole = String(Math.abs(amount)).padStart(digits + 1, '0');
    const sign = amount < 0 ? '-' : '';
    return digits === 0 ? sign + whole : `${sign}${whole.slice(0, -digits)}.${whole.slice(-digits)}`;
}

/// "3d", "12h", "90m", "30s" in milliseconds.
function duration(text) {
    const match = /^(\d+)([dhms])$/.exec(text ?? '');
    if (!match) throw new Error(`"${text}" is no duration: 3d, 12h, 90m, 30s`);
    return Number(match[1]) * {d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000}[match[2]];
}
function instant(text) {
    const full = /^\d{4}-\d\d-\d\d$/.test(text ?? '') ? `${text}T00:00:00Z` : text;
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(full ?? '') || Number.isNaN(Date.parse(full)))
        throw new Error(`"${text}" is no instant: 2026-01-31 or 2026-01-31T12:00:00Z`);
    return new Date(full);
}
const shown = (date) => date.toISOString().replace('.000Z', 'Z');

// Stripe's test cards, by what they do.
const cards = {
    good: 'pm_card_visa',
    other: 'pm_card_mastercard',
    declined: 'pm_card_visa_chargeDeclined',
    fails_later: 'pm_card_chargeCustomerFail',
    disputed: 'pm_card_createDispute',
    inquired: 'pm_card_createDisputeInquiry',
    refund_fails: 'pm_card_refundFail',
};

/// Takes options off the words of a step: pairs of a name and a value.
function options(words, known) {
    const found = {};
    for (let i = 0; i < words.length; ++i) {
        const name = known[words[i]];
        if (!name) throw new Error(`"${words[i]}" is not understood here`);
        if (name === true) found[words[i]] = true;
        else if (++i < words.length) found[words[i - 1]] = name(words[i]);
        else throw new Error(`"${words[i - 1]}" needs a value`);
    }
    return found;
}

const monthly = (price) => ({currency: 'usd', interval: 'month', amount: minor(price, 'usd')});
const days = (text) => duration(text) / 86_400_000;
const plans = new Set(['basic', 'pro', 'capped']);
const intervals = {daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year'};

/// One telling, against a server. Customers' names are made unique, so that many tellings share it.
export class Scenario {
    constructor(server, name) {
        this.server = server;
        this.name = name;
        this.events = 0;
        this.last = undefined;  // {who, answer} of the last step about a customer
        this.sold = {};         // keys of plans that this telling sells itself, by name
    }

    static async run(server, file) {
        const name = file.replace(/^.*\//, '').replace(/\.txt$/, '');
        const scenario = new Scenario(server, name);
        for (const step of parseScenario(readFileSync(file, 'utf8'))) {
            try {
                await scenario.tell(step);
            } catch (error) {
                error.message = `${file}:${step.line}: ${step.words.join(' ')}\n${error.message}`;
                throw error;
            }
        }
    }

    async tell({words, wanted}) {
        const [verb, ...rest] = words;
        const act = this.verbs[verb];
        if (!act) throw new Error(`"${verb}" is no verb of this language`);
        const answer = await act.call(this, ...rest);
        const refusal = wanted.find((one) => one.startsWith('refused'));
        if (answer && answer.status >= 400 && !refusal)
            throw new Error(`refused with ${answer.status}: ${JSON.stringify(answer.body)}`);
        for (const one of wanted) await this.expect(one, answer);
    }

    external(who) { return `${this.name}.${who}`; }
    ref(who) { return `ext:${this.external(who)}`; }
    admin(method, path, body) { return this.server.admin(method, path, body); }
    /// The key of a plan: of one of its own, or of the catalog's.
    plan(name) { return this.sold[name] ?? name; }

    async subscriptions(who) {
        const {body} = await this.admin('GET', `/v1/subscriptions?customer=${this.ref(who)}`);
        return body.data;
    }
    /// The newest one, also when it has ended.
    async subscription(who) { return (await this.subscriptions(who))[0]; }
    async path(who) {
        const one = await this.subscription(who);
        if (!one) throw new Error(`${who} has no subscription`);
        return `/v1/subscriptions/${one.id}`;
    }
    /// Oldest first.
    async invoices(who) {
        const {body} = await this.admin('GET', `/v1/invoices?customer=${this.ref(who)}&limit=100`);
        return body.data.reverse();
    }

    // Steps ------------------------------------------------------------------------------------
    /// A step about a customer: what its answer was, and whose figures the expectations look at.
    async about(who, method, path, body) {
        this.who = who;
        return this.admin(method, path, body);
    }

    verbs = {
        async at(text) {
            const to = instant(text);
            if (!this.clock) {
                const made = await this.admin('POST', '/v1/test_clocks',
                                              {name: this.name, frozen_time: shown(to)});
                if (made.status !== 201) throw new Error(JSON.stringify(made.body));
                this.clock = made.body.id;
                this.now = to;
                return made;
            }
            this.now = to;
            return this.server.advance(this.clock, to);
        },
        async after(text) {
            return this.verbs.at.call(this, shown(new Date(this.now.getTime() + duration(text))));
        },
        async customer(who) {
            return this.about(who, 'POST', '/v1/customers', {
                external_id: this.external(who),
                email: `${who}@${this.name.replaceAll('_', '-')}.example`,
                test_clock: this.clock,
            });
        },
        async subscribe(who, plan, ...rest) {
            const known = Object.fromEntries(Object.keys(intervals).map((one) => [one, true]));
            const given = options(rest, {...known, in: String, card: String, trial: days,
                                         then: String, seats: Number});
            const interval = Object.keys(intervals).find((one) => given[one]);
            return this.about(who, 'POST', '/v1/subscriptions', {
                customer: this.ref(who),
                plan: this.plan(plan),
                ...(interval ? {interval: intervals[interval]} : {}),
                ...(given.in ? {currency: given.in} : {}),
                ...(given.card === 'none' ? {} : {payment_method: this.card(given.card ?? 'good')}),
                ...(given.trial ? {trial_days: given.trial} : {}),
                ...(given.then ? {trial_end_behavior: given.then} : {}),
                ...(given.seats ? {quantity: given.seats} : {}),
            });
        },
        /// "change acme pro", "change acme seats 5", "change acme basic yearly now".
        async change(who, ...rest) {
            const known = Object.fromEntries(
                [...Object.keys(intervals), 'now', 'at_period_end'].map((one) => [one, true]));
            const is_plan = plans.has(rest[0]) || this.sold[rest[0]];
            const plan = is_plan ? this.plan(rest.shift()) : undefined;
            const given = options(rest, {...known, in: String, seats: Number});
            const interval = Object.keys(intervals).find((one) => given[one]);
            return this.about(who, 'POST', `${await this.path(who)}/change`, {
                ...(plan ? {plan} : {}),
                ...(interval ? {interval: intervals[interval]} : {}),
                ...(given.in ? {currency: given.in} : {}),
                ...(given.seats ? {quantity: given.seats} : {}),
                ...(given.now ? {when: 'now'} : {}),
                ...(given.at_period_end ? {when: 'period_end'} : {}),
            });
        },
        /// "cancel acme", "cancel acme now", "cancel acme on 2026-07-10".
        async cancel(who, when = 'at_period_end', date = undefined) {
            const words = {now: 'now', at_period_end: 'period_end'};
            if (when !== 'on' && !words[when]) throw new Error(`"${when}" is no time of an end`);
            return this.about(who, 'POST', `${await this.path(who)}/cancel`,
                              {at: when === 'on' ? shown(instant(date)) : words[when]});
        },
        /// "sell team 49.00": a plan that this telling has for itself; monthly, in US dollars.
        async sell(plan, price) {
            this.sold[plan] = `${this.name}_${plan}`;
            return this.admin('POST', '/v1/plans', {key: this.sold[plan], name: plan,
                                                    prices: [monthly(price)]});
        },
        /// "reprice team 59.00": the plan's next version.
        async reprice(plan, price) {
            return this.admin('PATCH', `/v1/plans/${this.plan(plan)}`, {prices: [monthly(price)]});
        },
        /// "migrate team now": everybody of a plan of its own to the newest version.
        async migrate(plan, when) {
            const path = `/v1/plans/${this.sold[plan]}/migrate`;
            const begun = await this.admin('POST', path, {when});
            if (begun.status !== 202) return begun;
            this.migration = `/v1/plan_migrations/${begun.body.id}`;
            const deadline = Date.now() + patience;
            for (;;) {
                const {body} = await this.admin('GET', this.migration);
                if (body.status === 'done') return undefined;
                if (Date.now() > deadline) throw new Error(`it does not end: ${JSON.stringify(body)}`);
                await sleep(100);
            }
        },
        async keep(who) { return this.ask(who, 'keep'); },
        /// Takes a planned change back.
        async stay(who) { return this.ask(who, 'cancel_pending_change'); },
        async pause(who, until, date) {
            if (until && until !== 'until') throw new Error(`"${until}" is not understood here`);
            return this.ask(who, 'pause', until ? {resumes_at: shown(instant(date))} : undefined);
        },
        async resume(who) { return this.ask(who, 'resume'); },
        async reactivate(who) { return this.ask(who, 'reactivate'); },
        async end_trial(who, at, date) {
            if (at && at !== 'on') throw new Error(`"${at}" is not understood here`);
            return this.ask(who, 'end_trial', at ? {at: shown(instant(date))} : undefined);
        },
        /// The card that is charged from now on.
        async card(who, kind) {
            return this.about(who, 'POST', `/v1/customers/${this.ref(who)}/payment_methods`,
                              {payment_method: this.card(kind), default: true});
        },
        /// "refund acme", "refund acme 5.00": of the newest invoice.
        async refund(who, amount) {
            const newest = (await this.invoices(who)).at(-1);
            const body = amount ? {amount: minor(amount, newest.total.currency)} : undefined;
            return this.about(who, 'POST', `/v1/invoices/${newest.id}/refunds`, body);
        },
        /// "charge_back acme won": the seller answers his only dispute at the provider, and the
        /// bank decides.
        async charge_back(who, verdict) {
            const evidence = {won: 'winning_evidence', lost: 'losing_evidence'}[verdict];
            if (!evidence) throw new Error(`"${verdict}" is no verdict: won, lost`);
            this.who = who;
            const [dispute] = await this.returns('disputes');
            if (!dispute) throw new Error(`${who} has disputed nothing`);
            return call(this.server.sandbox, 'POST',
                        `/v1/disputes/${dispute.provider_dispute_id}`,
                        {evidence: {uncategorized_text: evidence}});
        },
        /// "lose_answer POST /v1/refunds": the provider does the next one, and nobody hears of it.
        /// Tellings share the provider, so it may be another's: that must change nothing, either.
        async lose_answer(method, path) {
            const rule = {call: `${method} ${path}`, do: 'timeout_after_commit', wait_ms: 20};
            const {status} = await fetch(`${this.server.sandbox.url}/_sandbox/chaos`, {
                method: 'POST',
                headers: {'content-type': 'application/json'},
                body: JSON.stringify(rule),
            });
            return {status};
        },
        /// Somebody refunds at the provider's own pages.
        async refund_at_provider(who, amount) {
            this.who = who;
            const newest = (await this.invoices(who)).at(-1);
            const [link] = await all(this.server.sandbox, '/v1/invoice_payments',
                                     {invoice: newest.provider_invoice_id});
            const ask = () => call(this.server.sandbox, 'POST', '/v1/refunds', {
                payment_intent: link.payment.payment_intent,
                amount: minor(amount, newest.total.currency),
            }, {'idempotency-key': `${this.name}-${newest.id}-${amount}`});
            return ask().catch(ask);  // its answer may be the one that another telling loses
        },
        /// Usage that the host reports; it counts whatever the limit.
        async use(who, count, meter = 'calls', ...rest) {
            const {on} = options(rest, {on: instant});
            this.who = who;
            const type = {calls: 'scenario.call', minutes: 'scenario.minute'}[meter];
            const sent = await this.admin('POST', '/v1/events', [{
                specversion: '1.0',
                id: `${this.name}-${++this.events}`,
                source: 'scenario',
                type,
                subject: this.external(who),
                time: shown(on ?? this.now),
                data: {quantity: Number(count)},
            }]);
            if (sent.body.accepted !== 1) throw new Error(JSON.stringify(sent.body));
            return sent;
        },
        /// Usage that is counted only when the limit allows it.
        async consume(who, count, meter = 'calls') {
            return this.about(who, 'POST', '/v1/usage/consume', {
                customer: this.ref(who),
                meter,
                quantity: Number(count),
                source: 'scenario',
                id: `${this.name}-${++this.events}`,
            });
        },
        /// Only looks.
        async look(who) { this.who = who; },
        async reconcile() { return this.server.reconcile('repair'); },
    };

    /// Refunds, or disputes, of who is looked at; oldest first.
    async returns(kind) {
        const {body} = await this.admin('GET', `/v1/${kind}?customer=${this.ref(this.who)}`);
        return body.data.reverse();
    }
    async toldReturns(kind) {
        const found = await this.returns(kind);
        return found.map((one) => `${amountText(one.amount)} ${one.status}`).join(', ') || 'none';
    }
    /// This customer's row of a list of subscriptions to be watched.
    async watched(list) {
        const {body} = await this.admin('GET', `/v1/subscriptions/${list}limit=100`);
        return body.data.find((row) => row.external_id === this.external(this.who));
    }

    async ask(who, what, body) {
        return this.about(who, 'POST', `${await this.path(who)}/${what}`, body);
    }

    card(kind) {
        if (!cards[kind]) throw new Error(`"${kind}" is no card; known: ${Object.keys(cards)}`);
        return cards[kind];
    }

    // Expectations -----------------------------------------------------------------------------
    /// Waits a moment for what webhooks bring; fails with what was last seen.
    async expect(text, answer) {
        const [kind, ...rest] = text.split(/\s+/);
        if (kind === 'refused') return this.expectRefusal(rest, answer);
        const look = this.looks[kind];
        if (!look) throw new Error(`"${kind}" cannot be expected`);
        if (!this.who) throw new Error('nobody has been named yet');
        const deadline = Date.now() + patience;
        for (;;) {
            const {seen, wanted} = await look.call(this, rest);
            if (seen === wanted) return;
            if (Date.now() > deadline) throw new Error(`expected: ${text}\nseen:     ${kind} ${seen}`);
            await sleep(100);
        }
    }
    expectRefusal([status, code], answer) {
        const seen = `${answer?.status} ${answer?.body?.code}`;
        if (seen !== `${status} ${code}`)
            throw new Error(`expected: refused ${status} ${code}\nseen:     ${seen} ` +
                            JSON.stringify(answer?.body));
    }

    /// Each compares texts: what is seen and what is wanted, in the same words.
    looks = {
        async status([status]) {
            return {seen: (await this.subscription(this.who))?.status ?? 'none', wanted: status};
        },
        async plan([plan]) {
            const {body} = await this.admin('GET', `/v1/usage?customer=${this.ref(this.who)}`);
            return {seen: body.plan, wanted: this.plan(plan)};
        },
        /// What is planned to replace the plan: "pending basic 2026-10-01", "pending nothing".
        async pending([plan, at]) {
            const change = (await this.subscription(this.who))?.pending_change;
            return {seen: change ? `${change.plan} ${change.at}` : 'nothing',
                    wanted: plan === 'nothing' ? plan : `${this.plan(plan)} ${shown(instant(at))}`};
        },
        async seats([count]) {
            return {seen: String((await this.subscription(this.who))?.quantity), wanted: count};
        },
        /// The current period.
        async period([from, dash, to]) {
            const one = await this.subscription(this.who);
            const wanted = `${shown(instant(from))} ${dash} ${shown(instant(to))}`;
            return {seen: `${one?.current_period.start} - ${one?.current_period.end}`, wanted};
        },
        /// When it is planned to end, or has ended: "never", or the instant.
        async ends([when]) {
            const one = await this.subscription(this.who);
            const planned = one?.cancel_at ??
                (one?.cancel_at_period_end ? one.current_period.end : 'never');
            return {seen: one?.ended_at ?? planned,
                    wanted: when === 'never' ? when : shown(instant(when))};
        },
        /// The score and the codes behind it: "health 50 cancel_scheduled".
        async health(wanted) {
            const {body} = await this.admin('GET', `${await this.path(this.who)}/health`);
            return {seen: [body.score, ...body.reasons.map((reason) => reason.code)].join(' '),
                    wanted: wanted.join(' ')};
        },
        /// What ends within two weeks: "expiring cancel_at 2026-05-25", "expiring nothing".
        async expiring([reason, at]) {
            const row = await this.watched('expiring?days=14&');
            return {seen: row ? `${row.reason} ${row.at}` : 'nothing',
                    wanted: reason === 'nothing' ? reason : `${reason} ${shown(instant(at))}`};
        },
        /// What is not paid: "failing past_due 100.00", "failing nothing".
        async failing([status, due]) {
            const row = await this.watched('failing?');
            return {seen: row ? `${row.status} ${(row.amount_due.amount / 100).toFixed(2)}` : 'nothing',
                    wanted: status === 'nothing' ? status : `${status} ${due}`};
        },
        /// What happened to the newest one, oldest first: "started renewed ended".
        async history(kinds) {
            const {body} = await this.admin('GET', `${await this.path(this.who)}/events?limit=100`);
            return {seen: body.data.map((event) => event.kind).reverse().join(' '),
                    wanted: kinds.join(' ')};
        },
        /// Of the last migration: "migrated done 1 refused 2 arrived 0".
        async migrated(words) {
            const {body} = await this.admin('GET', this.migration);
            const seen = words.map((word, i) => (i % 2 ? body.progress[words[i - 1]] : word));
            return {seen: seen.join(' '), wanted: words.join(' ')};
        },
        async subscriptions([count]) {
            return {seen: String((await this.subscriptions(this.who)).length), wanted: count};
        },
        /// The newest invoice: "145.90 paid", with its lines: "145.90 paid: plan 99.00 overage 46.90".
        async invoice(rest) {
            const newest = (await this.invoices(this.who)).at(-1);
            return {seen: newest ? await this.told(newest, rest.join(' ').includes(':')) : 'none',
                    wanted: rest.join(' ')};
        },
        /// All, oldest first: "20.00 paid, 20.00 open".
        async invoices(rest) {
            const told = [];
            for (const one of await this.invoices(this.who)) told.push(await this.told(one, false));
            return {seen: told.join(', ') || 'none', wanted: rest.join(' ')};
        },
        /// What has been paid so far.
        async paid([amount]) {
            const all = await this.invoices(this.who);
            const sum = all.reduce((total, one) => total + one.amount_paid.amount, 0);
            const currency = all[0]?.amount_paid.currency ?? 'USD';
            return {seen: amountText({amount: sum, currency}), wanted: amount};
        },
        /// What of the newest invoice has gone back, or is about to: "5.00", "20.00 disputed".
        async refunded(rest) {
            const newest = (await this.invoices(this.who)).at(-1);
            const seen = amountText(newest.amount_refunded) + (newest.disputed ? ' disputed' : '');
            return {seen, wanted: rest.join(' ')};
        },
        /// All, oldest first: "5.00 succeeded, 15.00 failed".
        async refunds(rest) {
            return {seen: await this.toldReturns('refunds'), wanted: rest.join(' ')};
        },
        async disputes(rest) {
            return {seen: await this.toldReturns('disputes'), wanted: rest.join(' ')};
        },
        /// "usage calls 1100 of 1000": used and included now.
        async usage([meter, used, of, included]) {
            const {body} = await this.admin(
                'GET', `/v1/usage?customer=${this.ref(this.who)}&meter=${meter}`);
            const one = body.meters?.[0];
            return {seen: `${meter} ${one?.used} of ${one?.included}`,
                    wanted: `${meter} ${used} ${of} ${included}`};
        },
    };

    async told(invoice, withLines) {
        const head = `${amountText(invoice.total)} ${invoice.status}`;
        if (!withLines) return head;
        const {body} = await this.admin('GET', `/v1/invoices/${invoice.id}`);
        const lines = body.lines.map((line) => `${line.kind} ${amountText(line.amount)}`).sort();
        return `${head}: ${lines.join(' ')}`;
    }
}
