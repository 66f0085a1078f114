// The work of emilua.lua with child_process.
const { spawn } = require('child_process');
const measure = require('../lib/measure.js');

const atOnce = 100;

function spawnAndWait() {
    return new Promise((resolve) => {
        spawn('/bin/true', [], { stdio: 'inherit', env: {} }).on('exit', resolve);
    });
}

function outputOf(argument) {
    return new Promise((resolve) => {
        let size = 0;
        const child = spawn('/bin/echo', [argument], { stdio: ['inherit', 'pipe', 'inherit'], env: {} });
        child.stdout.on('data', (data) => { size += data.length; });
        child.on('close', () => resolve(size));
    });
}

async function sequence(count) {
    for (let i = 0; i < count; ++i)
        await spawnAndWait();
}

async function collect(count) {
    for (let i = 0; i < count; i += atOnce)
        await Promise.all(Array.from({ length: atOnce }, () => outputOf('line')));
}

async function main() {
    await measure.cost('spawn and wait', 1000, sequence, measure.wall);
    await measure.cost('child of 100 with its output', 1000, collect, measure.wall);
    const memory = Buffer.alloc(2 ** 30, 1);
    // It forks: a child costs tens of milliseconds.
    await measure.cost('spawn and wait with 1 GiB', 100, sequence, measure.wall);
    memory.at(-1);
}

main();
