// The work of emilua.lua with Node.js.
const net = require('net');
const measure = require('../lib/measure.js');

const block = 64 * 1024;
const total = 16 * 1024;
const data = Buffer.alloc(block);

const acceptor = net.createServer().listen(0, '127.0.0.1', () => {
    const sender = net.connect(acceptor.address().port, '127.0.0.1');
    acceptor.once('connection', async (receiver) => {
        await measure.cost('64 KiB', total, (count) => new Promise((resolve) => {
            let toSend = count;
            let left = count * block;
            const send = () => {
                if (toSend-- > 0)
                    sender.write(data, send);
            };
            receiver.removeAllListeners('data');
            receiver.on('data', (part) => {
                left -= part.length;
                if (left === 0)
                    resolve();
            });
            send();
        }));
        sender.destroy();
        receiver.destroy();
        acceptor.close();
    });
});
