// Letters and alerts by e-mail, taken by a real mail server (npm smtp-server).
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {adminToken, Server} from '../lib/server.mjs';
import {eventually} from '../lib/process.mjs';
import {startMailbox} from './mailbox.mjs';

let server, mailbox;
const ask = (method, path, body) => server.request(method, path, {as: adminToken(), body});

const lettersTo = (address) => mailbox.to(address);
const letter = (address, subject) => mailbox.letter(address, subject);

before(async () => {
    mailbox = await startMailbox();
    server = await Server.besideSandbox({env: {
        TURNPIKE_SMTP_URL: mailbox.url,
        TURNPIKE_SMTP_USER: 'turnpike',
        TURNPIKE_SMTP_PASSWORD: mailbox.password,
        TURNPIKE_SMTP_FROM: 'billing@example.com',
        TURNPIKE_SELLER_NAME: 'Ärger & Söhne',
        TURNPIKE_INVITATION_URL: 'https://app.example.com/join#{token}',
    }});
});
after(async () => {
    await server.end();
    await mailbox.close();
});

test('a payment is receipted, in text and HTML that say the same', async () => {
    await server.customer('rose');
    await ask('PATCH', '/v1/customers/rose', {email: 'rose@Example.ORG', name: 'Rose <b>R</b>'});
    const started = await server.subscribe('rose', 'pro');
    assert.equal(started.status, 200, JSON.stringify(started.body));
    const {headers, from, ...parts} = await letter('rose@example.org', 'Receipt');
    assert.equal(from, 'billing@example.com');
    assert.match(headers.subject, /^Receipt from Ärger & Söhne: \d+\.\d\d USD$/);
    assert.match(headers.from, /^=\?utf-8\?B\?.* <billing@example\.com>$/);
    assert.equal(headers['auto-submitted'], 'auto-generated');
    assert.ok(!('list-unsubscribe' in headers), 'a receipt cannot be done without');
    assert.match(parts['text/plain'], /^Hello Rose <b>R<\/b>,/);
    assert.match(parts['text/plain'], /payment of \d+\.\d\d USD/);
    assert.match(parts['text/html'], /<p>Hello Rose &lt;b&gt;R&lt;\/b&gt;,<\/p>/);
    assert.match(parts['text/html'], /<a href="http/);
    assert.equal(mailbox.logins[0], `turnpike:${mailbox.password}`);
});

test('who is invited, and who forgot his password, gets a letter with the way in', async () => {
    const post = (path, body, as) => server.request('POST', path, {as, body});
    const password = 'correct horse battery';
    const signIn = async (name) => {
        const body = {email: `${name}@example.org`, password};
        assert.equal((await post('/v1/auth/signup', body)).status, 201);
        return (await post('/v1/auth/login', body)).body.token;
    };
    const olga = await signIn('olga');
    const made = await post('/v1/organizations', {name: 'https://evil.example'}, olga);
    const invited = await post(`/v1/organizations/${made.body.id}/invitations`,
                               {email: 'Bob@Example.org'}, olga);
    assert.equal(invited.body.letter, true, JSON.stringify(invited.body));
    assert.ok(!('token' in invited.body), 'it is for the mailbox alone');
    const invitation = await letter('Bob@example.org', 'You are invited');
    assert.ok(!invitation['text/html'].includes('href="https://evil.example'));
    assert.match(invitation.headers.subject, /^You are invited to https:\/\/evil\.example on Ärger & Söhne$/);
    assert.match(invitation['text/plain'],
                 /olga@example\.org\)? invites you to join https:\/\/evil\.example on Ärger & Söhne as member\./);
    assert.match(invitation['text/html'], /https:\/\/app\.example\.com\/join#tpi_/);
    const token = /join#(tpi_\S+)/.exec(invitation['text/plain'])[1];
    const bob = await signIn('bob');
    assert.equal((await post('/v1/invitations/accept', {token}, olga)).body.code, 'invitation.other_email');
    const joined = await post('/v1/invitations/accept', {token}, bob);
    assert.equal(joined.status, 200, JSON.stringify(joined.body));

    assert.equal((await post('/v1/auth/password_reset', {email: 'bob@example.org'})).status, 202);
    const reset = await letter('bob@example.org', 'Set a new password');
    const code = /tpr_\w+/.exec(reset['text/plain'])[0];
    const changed = await post('/v1/auth/password_reset/confirm', {token: code, password: 'another staple'});
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.equal((await post('/v1/auth/login', {email: 'bob@example.org', password})).status, 401);
    assert.ok(!('list-unsubscribe' in reset.headers));
});

test('an alert goes to an e-mail address', async () => {
    const made = await ask('POST', '/v1/alert_destinations',
                           {kind: 'email', target: 'ops@example.net', events: ['subscription_created']});
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await server.customer('iris');
    await server.subscribe('iris', 'starter');
    const {headers, ...parts} = await letter('ops@example.net', 'Subscription created');
    assert.match(headers['message-id'], /^<evt_[0-9A-Z]{26}@example\.com>$/);
    assert.match(parts['text/plain'], /^Subscription created: plan starter/);
});

test('a reminder can be ended with its own link, a receipt cannot', async () => {
    const limit = 'You have used';
    await server.customer('lily');
    await ask('PATCH', '/v1/customers/lily', {email: 'lily@example.org'});
    const included = 100;  // presets/api-metering.toml, the plan of who has none
    const use = (id, quantity) => ask('POST', '/v1/events', [
        {id, source: '/test', specversion: '1.0', type: 'api.call', subject: 'lily', data: {quantity}},
    ]);
    await use('most', Math.ceil(included * 0.81));
    const reminder = await letter('lily@example.org', limit);
    const alerts = async () => (await ask('GET', '/v1/usage/alerts?customer=lily')).body.data;
    await eventually('both thresholds', async () => (await alerts()).length === 2);
    // 81 of 100 at once: 50 and 80 percent are reached, and one letter says so.
    assert.equal(lettersTo('lily@example.org').length, 1);
    assert.equal(reminder.headers.subject, 'You have used 81% of your API calls');
    const link = /^<(.*)>$/.exec(reminder.headers['list-unsubscribe'])[1];
    assert.equal(reminder.headers['list-unsubscribe-post'], 'List-Unsubscribe=One-Click');
    assert.equal((await fetch(link)).status, 200);
    const ended = await fetch(link, {
        method: 'POST', body: 'List-Unsubscribe=One-Click',
        headers: {'Content-Type': 'application/x-www-form-urlencoded'},
    });
    assert.equal(ended.status, 200);
    assert.equal((await fetch(`${link}x`, {method: 'POST'})).status, 404);
    const page = await fetch(`${link}x`, {headers: {Accept: 'text/html'}});
    assert.equal(page.status, 404);
    assert.match(await page.text(), /<h1>Reminders from Ärger &amp; Söhne<\/h1>/);
    const before = lettersTo('lily@example.org').length;
    await use('rest', Math.floor(included * 0.19));
    await eventually('the alert to be there', async () =>
        (await alerts()).some(({percent}) => percent === 100));
    await new Promise((done) => { setTimeout(done, 3_000); });
    assert.equal(lettersTo('lily@example.org').length, before);
});
