// Gateways that are not at hand here, by their documented contracts: the very requests that they send,
// and what they need back.
//
// Envoy 1.2x and later, HTTP ext_authz, from api/envoy/extensions/filters/http/ext_authz/v3/ext_authz.proto:
//   HttpService.path_prefix: "Sets a prefix to the value of authorization request header Path."
//   allowed_headers: "no client request headers (besides the ones allowed by default) are included in the
//   check request to an HTTP authorization server"; "Host, Method, Path, Content-Length, and Authorization
//   are additionally included"; "Content-Length will be set to 0 and the request to the authorization
//   server will not have a message body."
//   HttpService: "On authorization response status HTTP 200 OK, the filter will allow traffic to the
//   upstream"; "On other authorization response statuses, the filter will not allow traffic."
//   failure_mode_allow: "accept client request even if the communication with the authorization service has
//   failed, or if the authorization service has returned a HTTP 5xx error."
//
// Traefik v2.11 and v3, ForwardAuth, from doc.traefik.io/traefik/v3.3/reference/routing-configuration/http/
// middlewares/forwardauth: "If the service answers with a 2XX code, access is granted, and the original
// request is performed. Otherwise, the response from the authentication server is returned." Request
// headers: X-Forwarded-Method, -Proto, -Host, -Uri, -For; a GET without a body; authRequestHeaders is the
// "list of the headers to copy from the request to the authentication server".
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {request as send} from 'node:http';
import {after, before, describe, test} from 'node:test';
import {Server, userToken} from '../lib/server.mjs';

let server;

before(async () => { server = await Server.besideSandbox(); });
after(() => server.end());

const used = async (name) => (await server.status(name)).body.usage.current;

/// Sends these headers and answers {status, headers, body}.
async function exchange(method, path, headers) {
    const sent = send(server.url, {method, path, headers});
    sent.end();
    const [response] = await once(sent, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    return {status: response.statusCode, headers: response.headers, body};
}

describe('Envoy', () => {
    const check = (method, path, name, more = {}) =>
        exchange(method, `/v1/gateway/envoy${path}`, {
            host: 'api.example.com',
            'content-length': '0',
            ...(name ? {authorization: `Bearer ${userToken(name)}`} : {}),
            'x-envoy-internal': 'true',
            'x-forwarded-for': '10.0.0.7',
            'x-envoy-expected-rq-timeout-ms': '1000',
            ...more,
        });

    test('asks with any method, and the path that the client sent', async () => {
        for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
            assert.equal((await check(method, '/signals?symbol=A%20B', 'envoy')).status, 200, method);
        assert.equal(await used('envoy'), 7);
        const allowed = await check('GET', '/signals/history/AAPL', 'envoy');
        assert.equal(allowed.headers['x-turnpike-units'], '2');
        assert.equal(allowed.headers['x-turnpike-plan'], 'free');
        assert.match(allowed.headers.ratelimit, /^"api_calls";r=91;t=/);
        assert.equal((await check('GET', '/', 'envoy')).headers['x-turnpike-units'], '0');
    });

    test('the query belongs to the client', async () => {
        for (const query of ['mode=check', 'path=/health', 'customer=somebody', 'refusals=forbidden'])
            assert.equal((await check('GET', `/signals?${query}`, 'envoy-query')).status, 200);
        assert.equal(await used('envoy-query'), 4);
    });

    test('hands refusals on as they are', async () => {
        assert.equal((await check('GET', '/signals')).status, 401);
        await server.status('envoy-limited');
        await server.consume('envoy-limited', 100);
        const denied = await check('GET', '/signals', 'envoy-limited');
        assert.equal(denied.status, 402);
        assert.equal(denied.headers['content-type'], 'application/problem+json');
        assert.equal(JSON.parse(denied.body).upgrade.plan, 'starter');
        assert.match(denied.headers.ratelimit, /^"api_calls";r=0;t=/);
    });

    test('a path that climbs is refused', async () => {
        assert.equal((await check('GET', '/../authorize', 'envoy')).status, 400);
        assert.equal((await check('GET', '/%2e%2e/%2e%2e/readyz', 'envoy')).status, 400);
    });
});

describe('Traefik', () => {
    const check = (method, uri, name, more = {}) =>
        exchange('GET', '/v1/gateway/authorize?refusals=exact', {
            host: `127.0.0.1:${server.port}`,
            'user-agent': 'Go-http-client/1.1',
            ...(name ? {authorization: `Bearer ${userToken(name)}`} : {}),
            'x-forwarded-for': '10.0.0.7',
            'x-forwarded-host': 'api.example.com',
            'x-forwarded-method': method,
            'x-forwarded-proto': 'https',
            'x-forwarded-uri': uri,
            'accept-encoding': 'gzip',
            ...more,
        });

    test('asks with GET about the forwarded method and URI', async () => {
        const allowed = await check('POST', '/export/pdf?year=2027', 'traefik');
        assert.equal(allowed.status, 200);
        assert.equal(allowed.headers['x-turnpike-units'], '5');
        assert.match(allowed.headers['x-turnpike-customer'], /^cus_/);
        assert.equal(await used('traefik'), 5);
    });

    test('hands refusals on as they are', async () => {
        assert.equal((await check('GET', '/signals')).status, 401);
        await server.status('traefik-limited');
        await server.consume('traefik-limited', 100);
        const denied = await check('GET', '/signals', 'traefik-limited');
        assert.equal(denied.status, 402);
        assert.equal(JSON.parse(denied.body).code, 'limit_exceeded');
    });

    test("a client's own route header, were it passed on, is refused", async () => {
        const lie = {'x-original-uri': '/health'};
        assert.equal((await check('GET', '/export/pdf', 'traefik-liar', lie)).status, 400);
        assert.equal(await used('traefik-liar'), 0);
    });
});
