// A small Turnpike that counts every (source, id) once, and answers wrongly when it is told to.
import {once} from 'node:events';
import {createServer} from 'node:http';

const standing = {
    reason: 'within_allowance', limit: '100', used: '7', remaining: '93', overage: '0',
    overage_allowed: false, reset: 'day', resets_at: '2024-10-15T00:00:00Z', plan: 'free',
};
const usage = {
    customer: 'cus_1', plan: 'pro', period_start: '2024-09-15T00:00:00Z',
    period_end: '2024-10-15T00:00:00Z',
    meters: [{meter: 'api_calls', used: '12345', included: '10000', remaining: '0',
              usage_percentage: '123.4', overage: '2345', overage_allowed: true,
              overage_amount: 4690, currency: 'USD'}],
};
/// Events of these meters are not recorded: which list of the answer they are in.
const refusedMeters = {unknown_meter: 'rejected', limit_exceeded: 'rejected', conflict: 'conflicts'};

export function problem(status, code, headers = {}, members = {}) {
    const body = {type: `https://turnpike.dev/problems/${code}`, title: 'A title', status, code,
                  detail: 'what happened', instance: '/v1', request_id: 'req_1',
                  errors: [{pointer: '/quantity', code: 'malformed', detail: 'no'}], ...members};
    return {status, body, headers};
}

export class Server {
    requests = [];
    counted = new Set();
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
        const named = /^\/v1\/customers\/ext%3A(.*)$/.exec(url);
        if (named) return {status: 200, body: this.customers.get(named[1])};
        return problem(404, 'http.no_route');
    }
    count({source, id}) {
        const isNew = !this.counted.has(`${source}/${id}`);
        this.counted.add(`${source}/${id}`);
        return isNew;
    }
    record(events) {
        const report = {verdicts: [], conflicts: [], rejected: []};
        for (const [index, event] of events.entries()) {
            const refused = refusedMeters[event.meter];
            if (refused) report[refused].push({index, code: event.meter, detail: 'no'});
            report.verdicts.push(refused ? {rejected: 'rejected', conflicts: 'conflict'}[refused]
                                         : this.count(event) ? 'accepted' : 'duplicate');
        }
        return report;
    }
    consume(request) {
        if (request.meter === 'used_up')
            return problem(402, 'limit_exceeded', {}, {
                feature: 'used_up', limit: '100', used: '100', remaining: '0', plan: 'free',
                reset: 'day', resets_at: '2024-10-15T00:00:00Z', upgrade_url: 'https://example.com/upgrade',
                upgrade: {plan: 'pro', name: 'PRO', price: '99.00', currency: 'USD'},
            });
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
