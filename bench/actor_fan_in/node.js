// Numbers from eight threads to one.
const { Worker, isMainThread, parentPort } = require('worker_threads');
const measure = require('../lib/measure.js');

if (isMainThread) {
    const writers = Array.from({ length: 8 }, () => new Worker(__filename));
    measure.cost('message', 400000, (count) => new Promise((resolve) => {
        let left = count;
        for (const writer of writers) {
            writer.removeAllListeners('message');
            writer.on('message', () => {
                if (--left === 0)
                    resolve();
            });
            writer.postMessage(count / 8);
        }
    }), measure.wall).then(() => process.exit());
} else {
    parentPort.on('message', (count) => {
        for (let i = 1; i <= count; ++i)
            parentPort.postMessage(i);
    });
}
