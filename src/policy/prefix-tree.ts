/** A place in a `PrefixTree`: a prefix that was added, or where two of them part. */
export interface PrefixNode {
  /** Numbers that were added under exactly this prefix, in the order of their addition; null: none. */
  readonly values: readonly number[] | null
  /** The next longer node that `text` goes through; null when there is none. `text` goes through this one. */
  below(text: string): PrefixNode | null
}

/** Numbers by the prefixes that a text may begin with; a lookup walks the text once and allocates nothing. */
export class PrefixTree {
  readonly #root = new Node('', 0)

  /** The empty prefix, which every text goes through. */
  get root(): PrefixNode {
    return this.#root
  }

  add(prefix: string, value: number): void {
    let node = this.#root
    while (node.depth < prefix.length) node = node.towards(prefix)
    node.values ??= []
    node.values.push(value)
  }
}

class Node implements PrefixNode {
  /** What leads here from the node above. */
  label: string
  /** Length of the whole prefix. */
  readonly depth: number
  values: number[] | null = null
  /** By the first code unit of their labels. */
  #children: Map<number, Node> | null = null

  constructor(label: string, depth: number) {
    this.label = label
    this.depth = depth
  }

  below(text: string): Node | null {
    const child = this.#children?.get(text.charCodeAt(this.depth))
    return child !== undefined && text.startsWith(child.label, this.depth) ? child : null
  }

  /** The child on the way to `prefix`, made where there is none: a label that goes astray is parted. */
  towards(prefix: string): Node {
    const rest = prefix.slice(this.depth)
    this.#children ??= new Map()
    const child = this.#children.get(rest.charCodeAt(0))
    const shared = child === undefined ? rest.length : sharedLength(child.label, rest)
    if (child !== undefined && shared === child.label.length) return child
    const next = new Node(rest.slice(0, shared), this.depth + shared)
    this.#children.set(rest.charCodeAt(0), next)
    if (child !== undefined) {
      child.label = child.label.slice(shared)
      next.#children = new Map([[child.label.charCodeAt(0), child]])
    }
    return next
  }
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}
