// Whether an expression can be read, as the server reads it: conditions by AND, OR, NOT; metrics by arithmetic. Pure.

type Token = { kind: 'name' | 'number' | 'sign'; text: string }

const TOKEN = /\s*(?:\{\s*([^}]*?)\s*\}|([A-Za-z_][A-Za-z0-9_]*)|(\d+\.?\d*|\.\d+)|([()+\-*/]))/y

function tokensOf(text: string): Token[] | string {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match) return `“${text.slice(at).trim().charAt(0)}” is not expected`
    const [, braced, name, number, sign] = match
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else tokens.push({ kind: 'name', text: braced ?? name ?? '' })
  }
  return tokens
}

const DEEPEST = 20

class Reader {
  private at = 0
  constructor(
    private readonly tokens: Token[],
    private readonly names: readonly string[],
  ) {}

  takes(...texts: string[]): boolean {
    const token = this.tokens[this.at]
    const found = token !== undefined && token.kind !== 'number' && texts.includes(token.text)
    if (found) this.at += 1
    return found
  }

  number(): boolean {
    const found = this.tokens[this.at]?.kind === 'number'
    if (found) this.at += 1
    return found
  }

  name(): void {
    const token = this.tokens[this.at]
    if (token?.kind !== 'name') throw this.unexpected()
    if (!this.names.includes(token.text)) throw new Error(`There is no ${token.text}: there ${this.names.length === 1 ? 'is' : 'are'} ${this.names.join(', ')}`)
    this.at += 1
  }

  end(): void {
    if (this.at < this.tokens.length) throw this.unexpected()
  }

  unexpected(): Error {
    const token = this.tokens[this.at]
    return new Error(token ? `“${token.text}” is not expected there` : 'It ends too early')
  }
}

function problemOf(text: string, names: readonly string[], read: (reader: Reader, depth: number) => void): string | null {
  if (text.trim() === '') return 'Write an expression'
  if (text.length > 1000) return 'It has more than 1,000 characters'
  const tokens = tokensOf(text)
  if (typeof tokens === 'string') return tokens
  try {
    const reader = new Reader(tokens, names)
    read(reader, 0)
    reader.end()
    return null
  } catch (error) {
    return (error as Error).message
  }
}

function bracket(reader: Reader, depth: number, inner: (reader: Reader, depth: number) => void): boolean {
  if (depth >= DEEPEST) throw new Error(`It is nested deeper than ${DEEPEST}`)
  if (!reader.takes('(')) return false
  inner(reader, depth + 1)
  if (!reader.takes(')')) throw reader.unexpected()
  return true
}

function anyOf(reader: Reader, depth: number): void {
  do allOf(reader, depth)
  while (reader.takes('OR'))
}

function allOf(reader: Reader, depth: number): void {
  do one(reader, depth)
  while (reader.takes('AND'))
}

function one(reader: Reader, depth: number): void {
  if (depth >= DEEPEST) throw new Error(`It is nested deeper than ${DEEPEST}`)
  if (reader.takes('NOT')) one(reader, depth + 1)
  else if (!bracket(reader, depth, anyOf)) reader.name()
}

function sum(reader: Reader, depth: number): void {
  do product(reader, depth)
  while (reader.takes('+', '-'))
}

function product(reader: Reader, depth: number): void {
  do factor(reader, depth)
  while (reader.takes('*', '/'))
}

function factor(reader: Reader, depth: number): void {
  if (depth >= DEEPEST) throw new Error(`It is nested deeper than ${DEEPEST}`)
  if (reader.takes('-')) factor(reader, depth + 1)
  else if (!bracket(reader, depth, sum) && !reader.number()) reader.name()
}

/** What is wrong with `(A AND B) OR NOT C`; null when nothing is. */
export const problemOfLogic = (text: string, names: readonly string[]) => problemOf(text, names, anyOf)

/** What is wrong with `errors / calls * 100`; null when nothing is. */
export const problemOfFormula = (text: string, names: readonly string[]) => problemOf(text, names, sum)
