// A real mail server (npm smtp-server) that keeps what it was sent.
import {once} from 'node:events';
import {SMTPServer} from 'smtp-server';
import {eventually} from '../lib/process.mjs';

/// RFC 2047's words as text.
const words = (text) => text.replace(/=\?utf-8\?B\?([^?]*)\?= ?/g, (word, coded) => Buffer.from(coded, 'base64'));

/// Headers, and the decoded text and HTML, of a message as it came.
function read(raw) {
    const [head] = raw.split('\r\n\r\n', 1);
    const headers = Object.fromEntries(head.replace(/\r\n /g, '').split('\r\n').map((line) => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
    }));
    const boundary = /boundary="(.*)"/.exec(headers['content-type'])[1];
    headers.subject = words(headers.subject);
    const parts = raw.split(`--${boundary}`).slice(1, -1).map((part) => {
        const [partHead, body] = part.split('\r\n\r\n');
        return [/Content-Type: ([^;]*)/.exec(partHead)[1], Buffer.from(body, 'base64').toString()];
    });
    return {headers, ...Object.fromEntries(parts)};
}

/// {url, password, letters, logins, to(address), letter(address, subject), close()}
export async function startMailbox() {
    const password = 'mail-secret', letters = [], logins = [];
    const server = new SMTPServer({
        disabledCommands: ['STARTTLS'],
        allowInsecureAuth: true,
        onAuth({username, password: given}, session, done) {
            logins.push(`${username}:${given}`);
            done(given === password ? null : new Error('no'), {user: username});
        },
        onData(stream, session, done) {
            const chunks = [];
            stream.on('data', (chunk) => chunks.push(chunk));
            stream.on('end', () => {
                letters.push({from: session.envelope.mailFrom.address,
                              to: session.envelope.rcptTo.map(({address}) => address),
                              ...read(Buffer.concat(chunks).toString())});
                done();
            });
        },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const to = (address) => letters.filter((one) => one.to.includes(address));
    return {
        url: `smtp://127.0.0.1:${server.server.address().port}`, password, letters, logins, to,
        letter: (address, subject) => eventually(`a letter '${subject}' to ${address}`, async () =>
            to(address).find(({headers}) => headers.subject.includes(subject))),
        close: () => new Promise((done) => { server.close(done); }),
    };
}
