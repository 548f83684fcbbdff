/**
 * Runs `work` once at a time. Whoever calls while it runs waits for a run that begins afterwards, and shares it with all
 * others who wait: a run sees everything that was there when it was asked for. What it is given is that of the first.
 */
export function coalesced<Input extends readonly unknown[]>(
  work: (...input: Input) => Promise<void>,
): (...input: Input) => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let waiting: Promise<void> | null = null
  return (...input) => {
    const run = () => {
      waiting = null
      running = work(...input)
      return running
    }
    waiting ??= running.then(run, run)
    return waiting
  }
}
