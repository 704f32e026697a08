/// A clock that a test moves; whoever waits by it is called when the test says so.
export class ManualClock {
    elapsed = 0;
    timers = new Set();
    watchers = [];

    wallNow() { return new Date(Date.UTC(2024, 8, 15) + this.elapsed); }
    now() { return this.elapsed; }
    setTimeout(callback, ms) {
        const timer = {callback, at: this.elapsed + ms};
        this.timers.add(timer);
        for (const watcher of this.watchers) watcher();
        return timer;
    }
    clearTimeout(timer) { this.timers.delete(timer); }

    advance(ms) {
        this.elapsed += ms;
        for (const timer of [...this.timers].sort((a, b) => a.at - b.at))
            if (timer.at <= this.elapsed && this.timers.delete(timer)) timer.callback();
    }
    /// How long until the first timer that is set for less than `below` ms, once there is one.
    /// Time-outs and deadlines of the tests are longer, and so are not what is waited for.
    async nextWait(below = 3_600_000) {
        for (;;) {
            const waits = [...this.timers].map((timer) => timer.at - this.elapsed);
            const first = Math.min(...waits.filter((wait) => wait < below));
            if (first !== Infinity) return first;
            await new Promise((resolve) => this.watchers.push(resolve));
        }
    }
}

/// Whoever waits finds that the time has come, and the wait is written down; except time-outs.
export class SkippingClock {
    waits = [];

    wallNow() { return new Date(0); }
    now() { return 0; }
    setTimeout(callback, ms) {
        if (ms >= 3_600_000) return setTimeout(callback, ms);
        this.waits.push(ms);
        return setImmediate(callback);
    }
    clearTimeout(timer) { clearTimeout(timer); }
}
