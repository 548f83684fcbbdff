import { setFlagsFromString } from 'node:v8'

/**
 * Keeps memory flat under load. V8 would let dead objects grow to four times the living ones before it collects, which
 * for this service is 200 MB of handshakes and streams long gone; and its parallel young collector costs more
 * processor time on small heaps than it saves.
 */
export function boundHeap(): void {
  setFlagsFromString('--heap-growing-percent=50')
  setFlagsFromString('--no-parallel-scavenge')
}
