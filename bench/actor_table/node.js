// A table of 1 MB, ten thousand strings of 100 bytes, sent to another thread.
const { Worker, isMainThread, parentPort } = require('worker_threads');
const measure = require('../lib/measure.js');

if (isMainThread) {
    const table = Array.from({ length: 10000 }, (_, i) => String(i).padStart(100));
    const peer = new Worker(__filename);
    measure.cost('table', 200, async (count) => {
        for (let i = 0; i < count; ++i) {
            await new Promise((resolve) => {
                peer.once('message', resolve);
                peer.postMessage(table);
            });
        }
    }).then(() => peer.terminate());
} else {
    parentPort.on('message', (table) => parentPort.postMessage(table.length));
}
