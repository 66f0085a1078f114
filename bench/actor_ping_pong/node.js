// A number that goes to and fro between two threads.
const { Worker, isMainThread, parentPort } = require('worker_threads');
const measure = require('../lib/measure.js');

if (isMainThread) {
    const peer = new Worker(__filename);
    measure.cost('two threads', 100000, (count) => new Promise((resolve) => {
        peer.removeAllListeners('message');
        peer.on('message', (i) => {
            if (i === count)
                resolve();
            else
                peer.postMessage(i + 1);
        });
        peer.postMessage(1);
    }), measure.wall).then(() => peer.terminate());
} else {
    parentPort.on('message', (i) => parentPort.postMessage(i));
}
