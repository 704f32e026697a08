// The sandbox: `turnpike sandbox` on a free port, and the plainest possible client for it.
import {binary, freePort, freshFolder, Program} from './process.mjs';

export const secretKey = 'sk_test_turnpikeE2e';

/// {url, data, program}. `data` may name the folder of an earlier run; `args` are further flags.
export async function startSandbox({port, data, args = []} = {}) {
    port ??= await freePort();
    data ??= await freshFolder();
    const program = new Program(binary, ['sandbox', '--listen', `127.0.0.1:${port}`, '--data', data,
                                         ...args]);
    const url = `http://127.0.0.1:${port}`;
    await program.answering(`${url}/v1/customers`);
    return {url, port, data, program};
}

/// Encodes nested parameters as Stripe does: a[b][0]=c.
function form(params, prefix = '', out = new URLSearchParams()) {
    for (const [name, value] of Object.entries(params)) {
        const key = prefix ? `${prefix}[${name}]` : name;
        if (value !== null && typeof value === 'object') form(value, key, out);
        else if (value !== undefined) out.append(key, value === null ? '' : String(value));
    }
    return out;
}

/// One call without a client library: {status, headers, body}.
export async function call(sandbox, method, path, params = {}, headers = {}) {
    const encoded = form(params).toString();
    const inQuery = method !== 'POST';
    const response = await fetch(sandbox.url + path + (inQuery && encoded ? `?${encoded}` : ''), {
        method,
        headers: {
            authorization: `Bearer ${secretKey}`,
            ...(inQuery ? {} : {'content-type': 'application/x-www-form-urlencoded'}),
            ...headers,
        },
        body: inQuery ? undefined : encoded,
    });
    return {status: response.status, headers: response.headers, body: await response.json()};
}

/// Every object of a list, page by page, oldest last.
export async function all(sandbox, path, params = {}) {
    const found = [];
    for (let after; ; after = found.at(-1).id) {
        const page = await call(sandbox, 'GET', path, {
            ...params,
            limit: 100,
            ...(after ? {starting_after: after} : {}),
        });
        if (page.status !== 200) throw new Error(`${path}: ${JSON.stringify(page.body)}`);
        found.push(...page.body.data);
        if (!page.body.has_more) return found;
    }
}
