// What lib/measure.lua is, for Node.js.
function cpu() {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000;
}

function wall() {
    return Number(process.hrtime.bigint());
}

function report(metric, value, unit = 'ns') {
    console.log(`${metric}\t${value.toPrecision(6)}\t${unit}`);
}

// Awaits f(count) after a warm-up and reports what one of `count` costs.
async function cost(metric, count, f, clock = cpu) {
    await f(Math.ceil(count / 10));
    const start = clock();
    await f(count);
    report(metric, (clock() - start) / count);
}

module.exports = { cost, cpu, report, wall };
