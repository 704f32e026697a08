// A small HTTP server that keeps what was posted to it: the other end of a webhook.
import {createServer} from 'node:http';
import {once} from 'node:events';

/// {url, deliveries: [{headers, body}], respond, close}. `respond(n)` gives the status for the n-th.
export async function startListener(respond = () => 200) {
    const listener = {deliveries: [], respond};
    const server = createServer((request, response) => {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            listener.deliveries.push({headers: request.headers, body: Buffer.concat(chunks)});
            response.writeHead(listener.respond(listener.deliveries.length));
            response.end();
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    listener.url = `http://127.0.0.1:${server.address().port}/hook`;
    listener.close = () => {
        server.closeAllConnections?.();
        server.close();
        return once(server, 'close');
    };
    return listener;
}
