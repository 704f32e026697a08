// An HTTP proxy that hands everything on as it is and keeps what was said.
import {once} from 'node:events';
import {Agent, createServer, request as send} from 'node:http';

async function whole(stream) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
}

export class RecordingProxy {
    /// {method, url, headers, body, status, answer}, both bodies as text, in the order of the answers.
    exchanges = [];

    /// Before the server at `target`, which `PUT /target` may change: then as if there were no proxy,
    /// links included.
    static async start(target) {
        const proxy = new RecordingProxy();
        proxy.target = target;
        proxy.agent = new Agent({keepAlive: true});
        proxy.server = createServer((request, response) => {
            // Whoever asks loses the connection, as it would without a proxy.
            proxy.handOn(request, response).catch(() => response.destroy());
        });
        proxy.server.listen(0, '127.0.0.1');
        await once(proxy.server, 'listening');
        proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
        return proxy;
    }

    async handOn(request, response) {
        const {method, url, headers} = request;
        const body = await whole(request);
        if (method === 'PUT' && url === '/target') {
            this.target = body.toString();
            this.moved = true;
            response.end();
            return;
        }
        if (this.moved) headers.host = new URL(this.target).host;
        const onward = send(this.target + url, {method, headers, agent: this.agent});
        onward.end(body);
        const [answer] = await once(onward, 'response');
        const text = await whole(answer);
        this.exchanges.push({method, url, headers, body: body.toString(), status: answer.statusCode,
                             answer: text.toString()});
        response.writeHead(answer.statusCode, answer.headers);
        response.end(text);
    }

    stop() {
        this.agent.destroy();
        this.server.closeAllConnections();
        this.server.close();
    }
}
