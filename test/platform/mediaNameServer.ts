import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { onTestFinished } from 'vitest'

/** A host's addresses; `silent` for questions that are never answered. */
type Zone = Readonly<Record<string, { readonly A?: Addresses; readonly AAAA?: Addresses }>>

type Addresses = readonly string[] | 'silent'

const TYPES = new Map([
  [1, 'A'],
  [28, 'AAAA'],
] as const)

const HEADER_BYTES = 12
const RESPONSE = 0x8180
const NAME_ERROR = 3

/** A name server over UDP on this machine (RFC 1035), until the test ends. Returns its `address:port`. */
export async function startNameServer(zone: Zone): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query)
    const host = zone[name]
    const addresses = host?.[type]
    if (addresses === 'silent') return

    const header = Buffer.from(query.subarray(0, HEADER_BYTES))
    header.writeUInt16BE(RESPONSE + (host ? 0 : NAME_ERROR), 2)
    header.writeUInt16BE(addresses?.length ?? 0, 6)
    header.writeUInt32BE(0, 8)
    const answers = (addresses ?? []).map(toAnswer)
    socket.send(Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...answers]), port, address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => void socket.close())
  return `127.0.0.1:${socket.address().port}`
}

function readQuestion(query: Buffer) {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return {
    name: labels.join('.').toLowerCase(),
    type: TYPES.get(query.readUInt16BE(at + 1) as 1 | 28) ?? 'A',
    end: at + 5,
  }
}

/** A record that points back to the name in the question. */
function toAnswer(address: string): Buffer {
  const data = isIPv6(address)
    ? Buffer.from(
        address
          .split(':')
          .map((group) => group.padStart(4, '0'))
          .join(''),
        'hex',
      )
    : Buffer.from(address.split('.').map(Number))
  const head = Buffer.from('c00c0000000100000000', 'hex')
  head.writeUInt16BE(isIPv6(address) ? 28 : 1, 2)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(data.length)
  return Buffer.concat([head, length, data])
}
