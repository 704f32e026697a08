// A TCP relay that cuts connections between request and answer, as a bad network does.
import {once} from 'node:events';
import {connect, createServer} from 'node:net';

/// What happens to a request: 'pass', or one of three ways to lose it. After 'drop answer' and 'cut
/// answer' the server did what it was asked.
const fates = ['drop answer', 'drop request', 'cut answer', 'pass'];

export class Relay {
    cuts = 0;
    requests = new Map();
    sockets = new Set();

    /// Before the server on `port`. Of each kind of request every fourth passes, so that four attempts
    /// are enough; the others meet each fate in turn.
    static async start(port) {
        const relay = new Relay();
        relay.server = createServer((client) => relay.join(client, connect(port, '127.0.0.1')));
        relay.server.listen(0, '127.0.0.1');
        await once(relay.server, 'listening');
        relay.url = `http://127.0.0.1:${relay.server.address().port}`;
        return relay;
    }
    stop() {
        for (const socket of this.sockets) socket.destroy();
        this.server.close();
    }

    nextFate(chunk) {
        const [kind] = chunk.toString('latin1').split('\r\n', 1);
        const number = this.requests.get(kind) ?? 0;
        this.requests.set(kind, number + 1);
        return fates[number % fates.length];
    }

    join(client, server) {
        let fate, answered = true;
        for (const [socket, other] of [[client, server], [server, client]]) {
            this.sockets.add(socket);
            socket.on('error', () => {});
            socket.on('close', () => {
                this.sockets.delete(socket);
                other.destroy();
            });
        }
        const cut = () => {
            ++this.cuts;
            client.destroy();
            server.destroy();
        };
        client.on('data', (chunk) => {
            if (answered) {
                fate = this.nextFate(chunk);
                answered = false;
            }
            if (fate === 'drop request') cut();
            else server.write(chunk);
        });
        server.on('data', (chunk) => {
            answered = true;
            if (fate === 'drop answer') cut();
            else if (fate === 'cut answer') client.write(chunk.subarray(0, chunk.length / 2), cut);
            else client.write(chunk);
        });
    }
}
