// The work of emilua.lua with Node.js.
const net = require('net');
const measure = require('../lib/measure.js');

const text = Buffer.alloc(64, 'x');

function connect(acceptor) {
    return new Promise((resolve) => {
        acceptor.once('connection', (server) => resolve([client, server]));
        const client = net.connect(acceptor.address().port, '127.0.0.1');
    });
}

function serve(socket) {
    socket.on('data', (data) => socket.write(data));
}

function request(socket, rounds) {
    return new Promise((resolve) => {
        socket.removeAllListeners('data');
        socket.on('data', (data) => {
            if (data.length !== 64)
                throw new Error('short read');
            if (--rounds === 0)
                resolve();
            else
                socket.write(text);
        });
        socket.write(text);
    });
}

const acceptor = net.createServer().listen(0, '127.0.0.1', async () => {
    for (const connections of [1, 64, 1000]) {
        const pairs = [];
        for (let i = 0; i < connections; ++i)
            pairs.push(await connect(acceptor));
        pairs.forEach(([, server]) => serve(server));
        await measure.cost(`${connections} connections`, 200000, (count) =>
            Promise.all(pairs.map(([client]) => request(client, Math.floor(count / connections)))));
        pairs.flat().forEach((socket) => socket.destroy());
    }
    acceptor.close();
});
