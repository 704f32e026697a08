// People sign in with a password or with the host's token, and have organizations together.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, describe, test} from 'node:test';
import {binary} from '../lib/process.mjs';
import {Server, engines, userToken} from '../lib/server.mjs';

const password = 'correct horse battery';

for (const engine of engines())
    describe(`people on ${engine.name}`, () => {
        let server;
        before(async () => {
            server = await Server.besideSandbox({database: await engine.database()});
        });
        after(() => server?.end());

        const post = (path, body, as, headers) => server.request('POST', path, {as, body, headers});
        const get = (path, as, headers) => server.request('GET', path, {as, headers});
        const signUp = async (name) => {
            const made = await post('/v1/auth/signup', {email: `${name}@example.com`, password});
            assert.equal(made.status, 201, JSON.stringify(made.body));
            return made.body;
        };

        test('a session works until it is ended, and the password is not told', async () => {
            const alice = await signUp('alice');
            const me = await get('/v1/auth/me', alice.token);
            assert.equal(me.body.email, 'alice@example.com');
            assert.equal(me.headers.get('set-cookie'), null);
            // He is a customer as any other.
            assert.equal((await get('/billing/status', alice.token)).status, 200);
            assert.equal((await post('/v1/auth/logout', undefined, alice.token)).status, 200);
            assert.equal((await get('/v1/auth/me', alice.token)).body.code, 'access.session_over');
            const wrong = await post('/v1/auth/login', {email: 'alice@example.com', password: 'x'});
            assert.equal(wrong.status, 401);
            const again = await post('/v1/auth/login', {email: 'ALICE@example.com', password});
            assert.equal(again.status, 200);
        });

        test("a browser's session changes things for pages of this site only", async () => {
            await signUp('bea');
            const own = {'sec-fetch-site': 'same-origin'};
            const login = await post('/v1/auth/login',
                                     {email: 'bea@example.com', password, cookie: true}, undefined, own);
            assert.equal(login.body.token, undefined);
            const cookie = login.headers.get('set-cookie').split(';')[0];
            assert.equal((await get('/v1/auth/me', undefined, {cookie})).status, 200);
            const make = (headers) => post('/v1/organizations', {name: 'Bea & Co'}, undefined,
                                           {cookie, ...headers});
            assert.equal((await make({})).body.code, 'access.cross_site');
            assert.equal((await make({'sec-fetch-site': 'cross-site'})).status, 403);
            assert.equal((await make({origin: 'https://evil.example'})).status, 403);
            assert.equal((await make(own)).status, 201);
            assert.equal((await make({origin: server.url})).status, 201);
        });

        test('an accent is the same however it is encoded', async () => {
            await signUp('jos\u00e9');
            const twin = await post('/v1/auth/signup', {email: 'jose\u0301@example.com', password});
            assert.equal(twin.body.code, 'people.email_taken');
            const login = await post('/v1/auth/login', {email: 'Jose\u0301@example.com', password});
            assert.equal(login.status, 200);
            const hidden = await post('/v1/auth/signup', {email: 'jos\u00e9\u200b@example.com', password});
            assert.equal(hidden.body.code, 'people.invalid_email');
            const make = (name) => post('/v1/organizations', {name}, login.body.token);
            assert.equal((await make('Cafe\u0301')).body.name, 'Caf\u00e9');
            assert.equal((await make('e\u0301'.repeat(200))).body.name, '\u00e9'.repeat(200));
            for (const name of ['   ', '\u200b', 'Plain\u202e evil', '\u00e9'.repeat(201)])
                assert.equal((await make(name)).body.errors?.[0].pointer, '/name', name);
        });

        test('an organization is found by its members and by the seller', async () => {
            const owner = userToken('olga');
            const made = await post('/v1/organizations', {name: 'Acme, Inc.'}, owner);
            assert.equal(made.status, 201, JSON.stringify(made.body));
            assert.equal(made.body.role, 'owner');
            const path = `/v1/organizations/${made.body.id}`;
            const customer = await server.admin('GET', `/v1/customers/${made.body.customer}`);
            assert.equal(customer.body.external_id, made.body.id);
            assert.equal(customer.body.name, 'Acme, Inc.');
            assert.equal((await get(path, userToken('mallory'))).status, 404);
            assert.equal((await get(path, await server.sellerKey('customers:read'))).status, 200);
            assert.equal((await get(path, await server.sellerKey('usage:read'))).status, 403);

            const invited = await post(`${path}/invitations`, {email: 'bob@example.com'}, owner);
            assert.equal(invited.status, 201);
            const twice = await post(`${path}/invitations`, {email: 'BOB@example.com'}, owner);
            assert.equal(twice.body.code, 'invitation.exists');
            const project = await post(`${path}/projects`, {name: 'Apollo'}, owner);
            assert.equal(project.status, 201);
            const last = await post(`${path}/leave`, undefined, owner);
            assert.equal(last.body.code, 'organization.last_owner');
        });

        test('an administrator makes a reset link, and deactivates', async () => {
            const carl = await signUp('carl');
            const link = await server.admin('POST', `/v1/users/${carl.user.id}/reset_link`);
            assert.equal(link.status, 201);
            const confirmed = await post('/v1/auth/password_reset/confirm',
                                         {token: link.body.token, password: 'another staple'});
            assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
            assert.equal((await get('/v1/auth/me', carl.token)).status, 401);
            const login = await post('/v1/auth/login',
                                     {email: 'carl@example.com', password: 'another staple'});
            assert.equal(login.status, 200);
            const off = await server.admin('POST', `/v1/users/${carl.user.id}/deactivate`);
            assert.equal(off.body.is_active, false);
            assert.equal((await get('/v1/auth/me', login.body.token)).status, 401);
            const asked = await post('/v1/auth/password_reset', {email: 'nobody@example.com'});
            assert.equal(asked.body.code, 'people.no_letters', 'there is no mail server');
        });

        test('the first superuser is made at the command line', async () => {
            await server.stop();
            const settings = ['--data', server.data,
                              ...(server.database ? ['--database', server.database] : [])];
            const env = {...process.env, TURNPIKE_JWT_SECRET: 'a-secret-of-the-tests-with-enough-bytes',
                         STRIPE_SECRET_KEY: 'sk_test_abc', STRIPE_WEBHOOK_SECRET: 'whsec_abcdef'};
            const user = (args, input = '') =>
                spawnSync(binary, ['user', ...args, ...settings], {env, input, encoding: 'utf8'});
            const weak = user(['create', '--email', 'root@example.com', '--superuser'], 'password\n');
            assert.equal(weak.status, 2);
            assert.match(weak.stderr, /among those that are tried first/);
            const made = user(['create', '--email', 'root@example.com', '--superuser'], `${password}\n`);
            assert.equal(made.status, 0, made.stderr);
            assert.match(made.stdout, /^usr_\w+ root@example.com superuser\n$/);
            assert.match(user(['list']).stdout, /root@example.com superuser/);
            const link = user(['reset-link', 'root@example.com']);
            assert.match(link.stdout, /^tpr_\w+\n$/);
            await server.restart();
            const login = await post('/v1/auth/login', {email: 'root@example.com', password});
            assert.equal((await get('/v1/users', login.body.token)).status, 200);
        });
    });

test('where only the invited sign up, an invitation is the way in', async () => {
    const server = await Server.besideSandbox({env: {TURNPIKE_SIGN_UP: 'invited'}});
    try {
        const post = (path, body, as) => server.request('POST', path, {as, body});
        const bob = {email: 'bob@example.com', password};
        assert.equal((await post('/v1/auth/signup', bob)).body.code, 'people.sign_up_closed');
        // The host's users come as before.
        const made = await post('/v1/organizations', {name: 'Acme'}, userToken('olga'));
        const invited = await post(`/v1/organizations/${made.body.id}/invitations`,
                                   {email: bob.email}, userToken('olga'));
        const invitation = invited.body.token;
        assert.ok(invitation, 'no mail server has brought it');
        const other = await post('/v1/auth/signup', {...bob, email: 'eve@example.com', invitation});
        assert.equal(other.body.code, 'people.sign_up_closed');
        const signedUp = await post('/v1/auth/signup', {...bob, invitation});
        assert.equal(signedUp.status, 201, JSON.stringify(signedUp.body));
        const joined = await post('/v1/invitations/accept', {token: invitation}, signedUp.body.token);
        assert.equal(joined.status, 200, JSON.stringify(joined.body));
    } finally {
        await server.end();
    }
});
