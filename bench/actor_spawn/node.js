// Worker threads from their start until the first message from each.
const { Worker, isMainThread, parentPort } = require('worker_threads');
const measure = require('../lib/measure.js');

const count = 20;

if (isMainThread) {
    const start = measure.cpu();
    const memory = process.memoryUsage.rss();
    let left = count;
    for (let i = 0; i < count; ++i) {
        new Worker(__filename).once('message', () => {
            if (--left > 0)
                return;
            measure.report('time', (measure.cpu() - start) / count / 1000, 'us');
            measure.report('memory', (process.memoryUsage.rss() - memory) / count / 1000, 'kB');
            process.exit();
        });
    }
} else {
    parentPort.on('message', () => {});
    parentPort.postMessage(1);
}
