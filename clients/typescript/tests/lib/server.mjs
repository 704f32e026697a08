// A small Turnpike that counts every (source, id) once, corrects what it counted, holds up to 100 units
// of one allowance, and answers wrongly when it is told to.
import {once} from 'node:events';
import {createServer} from 'node:http';

const standing = {
    reason: 'within_allowance', limit: '100', used: '7', remaining: '93', overage: '0',
    overage_allowed: false, reset: 'day', resets_at: '2024-10-15T00:00:00Z', plan: 'free',
};
const usage = {
    customer: 'cus_1', plan: 'pro', period_start: '2024-09-15T00:00:00Z',
    period_end: '2024-10-15T00:00:00Z',
    meters: [{meter: 'api_calls', used: '12345', included: '10000', reserved: '7', remaining: '0',
              usage_percentage: '123.4', overage: '2345', overage_allowed: true,
              overage_amount: 4690, currency: 'USD'}],
};
const allowance = 100;
/// Events of these meters are not recorded; the meter is the code that says why.
const refusedMeters = ['unknown_meter', 'limit_exceeded', 'conflict'];
const keyOf = ({source, id}) => `${source}/${id}`;

/// What a denial tells.
const usedUp = {
    feature: 'used_up', limit: '100', used: '100', remaining: '0', plan: 'free',
    reset: 'day', resets_at: '2024-10-15T00:00:00Z', upgrade_url: 'https://example.com/upgrade',
    upgrade: {plan: 'pro', name: 'PRO', price: '99.00', currency: 'USD'},
};

export function problem(status, code, headers = {}, members = {}) {
    const body = {type: `https://turnpike.dev/problems/${code}`, title: 'A title', status, code,
                  detail: 'what happened', instance: '/v1', request_id: 'req_1',
                  errors: [{pointer: '/quantity', code: 'malformed', detail: 'no'}], ...members};
    return {status, body, headers};
}

export class Server {
    requests = [];
    counted = new Set();
    corrections = new Set();
    voided = new Set();
    reserved = new Map();
    customers = new Map();
    faults = [];
    watchers = [];

    static async start() {
        const server = new Server();
        server.http = createServer((request, response) => void server.serve(request, response));
        server.http.listen(0, '127.0.0.1');
        await once(server.http, 'listening');
        server.url = `http://127.0.0.1:${server.http.address().port}`;
        return server;
    }
    stop() {
        this.http.closeAllConnections();
        this.http.close();
    }

    /// What happens to the next requests: 'lose request' (nothing, and closes), 'lose answer' (does
    /// what is asked, and closes), 'cut answer' (closes in the middle of it), 'silence' (never
    /// answers), or an answer {status, body, headers} instead.
    failNext(...faults) { this.faults.push(...faults); }

    /// The requests so far, once there are `count`.
    async received(count) {
        while (this.requests.length < count)
            await new Promise((resolve) => this.watchers.push(resolve));
        return this.requests;
    }

    async serve(request, response) {
        let text = '';
        for await (const chunk of request) text += chunk;
        const body = text === '' ? undefined : JSON.parse(text);
        const fault = this.faults.shift();
        const isDone = typeof fault !== 'object' && fault !== 'lose request';
        const answer = isDone ? this.answer(request.url, body) : fault;
        this.requests.push({url: request.url, headers: request.headers, body});
        for (const watcher of this.watchers.splice(0)) watcher();
        if (fault === 'silence') return;
        if (fault === 'lose request' || fault === 'lose answer') {
            request.socket.destroy();
            return;
        }
        const sent = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
        response.writeHead(answer.status, {'content-length': sent.length, ...answer.headers});
        if (fault === 'cut answer') response.write(sent.slice(0, sent.length / 2), () => request.socket.destroy());
        else response.end(sent);
    }

    answer(url, body) {
        if (url === '/v1/events') return {status: 200, body: this.record(body)};
        if (url === '/v1/usage/consume') return this.consume(body);
        if (url === '/v1/entitlements/check')
            return {status: 200, body: {...standing, allowed: true, customer: 'cus_1'}};
        if (url === '/v1/usage?customer=caf%C3%A9+%26&meter=api_calls') return {status: 200, body: usage};
        if (url === '/v1/customers') return this.createCustomer(body);
        if (url === '/v1/usage/reserve') return this.reserve(body);
        const ended = /^\/v1\/usage\/reservations\/(.*)\/(commit|release)$/.exec(url);
        if (ended) return this.end(ended[1], ended[2], body);
        const named = /^\/v1\/customers\/ext%3A(.*)$/.exec(url);
        if (named) return {status: 200, body: this.customers.get(named[1])};
        return problem(404, 'http.no_route');
    }
    count(event) {
        const isNew = !this.counted.has(keyOf(event));
        this.counted.add(keyOf(event));
        return isNew;
    }
    /// accepted, duplicate, or the code of a refusal.
    use(event) {
        if (refusedMeters.includes(event.meter)) return event.meter;
        return this.count(event) ? 'accepted' : 'duplicate';
    }
    correct(event) {
        const target = keyOf(event.void ?? event.amend);
        if (this.corrections.has(keyOf(event))) return 'duplicate';
        if (!this.counted.has(target)) return 'unknown_event';
        if (this.voided.has(target)) return 'already_voided';
        if (event.void) this.voided.add(target);
        this.corrections.add(keyOf(event));
        return 'accepted';
    }
    record(events) {
        const report = {verdicts: [], conflicts: [], rejected: []};
        for (const [index, event] of events.entries()) {
            const code = event.meter ? this.use(event) : this.correct(event);
            const isRefused = code !== 'accepted' && code !== 'duplicate';
            report.verdicts.push(isRefused && code !== 'conflict' ? 'rejected' : code);
            if (isRefused)
                report[code === 'conflict' ? 'conflicts' : 'rejected'].push({index, code, detail: 'no'});
        }
        return report;
    }

    /// Units of the allowance that reservations of this status have.
    units(status) {
        return [...this.reserved.values()].filter((one) => one.status === status)
            .reduce((sum, one) => sum + one.quantity, 0);
    }
    /// Open reservations end as if nobody had come in time.
    expire() {
        for (const one of this.reserved.values()) if (one.status === 'open') one.status = 'expired';
    }
    fits(quantity) { return this.units('open') + this.units('committed') + quantity <= allowance; }
    reserve(request) {
        const key = keyOf(request), quantity = Number(request.quantity);
        const known = this.reserved.get(key);
        if (known && known.request !== JSON.stringify(request)) return problem(409, 'reservation.conflict');
        if (!known && request.meter === 'not_in_plan') return problem(402, 'not_in_plan');
        if (!known && !this.fits(quantity)) return problem(402, 'limit_exceeded', {}, usedUp);
        const one = known ?? {id: `rsv_${this.reserved.size + 1}`, status: 'open', quantity,
                              request: JSON.stringify(request)};
        this.reserved.set(key, one);
        return {status: known ? 200 : 201, body: {...standing, ...this.shown(one)}};
    }
    end(id, step, body) {
        const one = [...this.reserved.values()].find((other) => other.id === id);
        if (!one) return problem(404, 'reservation.not_found');
        const isCommit = step === 'commit', quantity = isCommit ? Number(body.quantity) : 0;
        if (one.status === 'committed' && !(isCommit && one.quantity === quantity))
            return problem(409, 'reservation.already_committed');
        if (isCommit && one.status === 'released') return problem(409, 'reservation.released');
        if (isCommit && one.status === 'expired') return problem(410, 'reservation.expired');
        if (one.status === 'open') {
            if (!this.fits(quantity - one.quantity)) return problem(409, 'reservation.exceeds_limit');
            Object.assign(one, {status: isCommit ? 'committed' : 'released', quantity});
        }
        return {status: 200, body: this.shown(one)};
    }
    shown({id, status, quantity, request}) {
        const {meter, source, id: event_id, quantity: reserved} = JSON.parse(request);
        return {object: 'reservation', id, status, customer: 'cus_1', meter, source, event_id, reserved,
                expires_at: '2024-09-15T00:05:00Z',
                ...(status === 'open' ? {} : {ended_at: '2024-09-15T00:01:00Z'}),
                ...(status === 'committed' ? {quantity: String(quantity)} : {})};
    }

    consume(request) {
        if (request.meter === 'used_up') return problem(402, 'limit_exceeded', {}, usedUp);
        const duplicate = !this.count(request);
        return {status: 200, body: {...standing, allowed: true, duplicate, customer: 'cus_1'}};
    }
    createCustomer(draft) {
        if (this.customers.has(draft.external_id)) return problem(409, 'customer.exists');
        const customer = {id: 'cus_1', email: null, name: null, metadata: {tier: 'gold'},
                          created_at: '2024-09-15T00:00:00Z', ...draft};
        this.customers.set(draft.external_id, customer);
        return {status: 201, body: customer};
    }
}
