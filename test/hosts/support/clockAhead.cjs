// Required before anything else: this process's clock is ahead of everybody else's.
const { now } = Date
const aheadMs = Number(process.env.CLOCK_AHEAD_MS)

Date.now = () => now() + aheadMs
