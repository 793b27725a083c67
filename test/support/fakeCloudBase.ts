import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DatabaseAnswer, FakeDatabase } from './fakeCloudBaseDatabase.ts'
import { type CloudCall, encodeOpenApiAnswer, type OpenApiAnswer, readCloudCall } from './openApiWire.ts'

/** What comes of a cloud call: WeChat's answer, a failure of CloudBase's, or no answer at all. */
export type CloudAnswer =
  | OpenApiAnswer
  | { readonly code: string; readonly message: string }
  | { readonly status: number }
  | 'hang'
  | 'reset'

type Parameters = Readonly<Record<string, unknown>>

type FakeCloudBaseOptions = {
  /** WeChat behind the cloud call. */
  readonly openApi?: (call: CloudCall) => CloudAnswer | Promise<CloudAnswer>
  /** The storage: a download URL, or nothing for a file that is not there. */
  readonly temporaryUrl?: (fileId: string) => string | undefined
  /** What comes of an upload; it is stored when this says nothing. */
  readonly upload?: (path: string) => { readonly text: string } | 'hang' | 'reset' | undefined
  readonly database?: FakeDatabase
  /** Any other action of the endpoint by its name (`functions.invokeFunction`): from its parameters to `data`. */
  readonly actions?: Readonly<Record<string, (parameters: Parameters) => object>>
}

/** A CloudBase that both SDKs speak to as they are: no module is replaced, only the address is another. */
export type FakeCloudBase = {
  /** What the SDKs find in the environment of a cloud function, and the way here. */
  readonly environment: Readonly<Record<string, string>>
  /** The cloud calls that came in so far. */
  readonly cloudCalls: readonly CloudCall[]
  /** The files that were uploaded so far, by their ids. */
  readonly files: ReadonlyMap<string, Buffer>
  /** The secret ids that the requests so far were signed with. */
  readonly secretIds: readonly string[]
  close(): Promise<void>
}

/** Starts a CloudBase endpoint on 127.0.0.1: cloud calls, storage links and whatever else is handed in. */
export async function startFakeCloudBase(options: FakeCloudBaseOptions): Promise<FakeCloudBase> {
  const cloudCalls: CloudCall[] = []
  const files = new Map<string, Buffer>()
  const secretIds: string[] = []

  /** What the storage answers to an upload: nothing, or why it refuses. */
  function takeUpload({ url = '', headers }: http.IncomingMessage, bytes: Buffer): DatabaseAnswer {
    const path = url.slice(UPLOADS.length)
    if (headers.authorization !== signatureOf(path)) return { text: storageError('SignatureDoesNotMatch') }

    const answer = options.upload?.(path)
    if (answer) return answer

    files.set(fileIdOf(path), bytes)
    return { text: '' }
  }

  async function answerCloudCall(call: CloudCall): Promise<CloudAnswer> {
    cloudCalls.push(call)
    return options.openApi?.(call) ?? { errorCode: API_NOT_FOUND }
  }

  const server = http.createServer(async (request, response) => {
    const bytes = Buffer.concat(await request.toArray())
    if (request.method === 'PUT') return respond(takeUpload(request, bytes), request, response)

    secretIds.push(/Credential=([^/]*)/.exec(request.headers.authorization ?? '')?.[1] ?? '')
    const contentType = request.headers['content-type'] ?? ''
    const answer = contentType.startsWith('multipart/form-data')
      ? await answerCloudCall(readCloudCall(bytes, contentType))
      : answerAction(JSON.parse(bytes.toString()), options, origin)
    respond(answer, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    cloudCalls,
    files,
    secretIds,
    environment: {
      TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${origin}/admin` }),
      TCB_ENV: 'test-env',
      TENCENTCLOUD: 'true',
      TENCENTCLOUD_SECRETID: 'test-secret-id',
      TENCENTCLOUD_SECRETKEY: 'test-secret-key',
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const API_NOT_FOUND = -604100
const UPLOADS = '/storage/'

const fileIdOf = (path: string): string => `cloud://test-env.7465-test-env/${path}`
const signatureOf = (path: string): string => `signature of ${path}`

/** A refusal of the storage, in its own XML. */
export const storageError = (code: string): string =>
  `<?xml version='1.0' encoding='utf-8' ?><Error><Code>${code}</Code><Message>refused</Message>` +
  '<Resource>/</Resource><RequestId>r</RequestId><TraceId>t</TraceId></Error>'

function respond(
  answer: CloudAnswer | DatabaseAnswer,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  if (answer === 'hang') return
  if (answer === 'reset') return void request.socket.resetAndDestroy()
  if ('status' in answer) return void response.writeHead(answer.status).end()
  if ('text' in answer) return void response.writeHead(200).end(answer.text)

  if ('body' in answer || 'errorCode' in answer) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(encodeOpenApiAnswer(answer))
  } else {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
    response.end(JSON.stringify({ requestId: 'cloudbase-request', ...answer }))
  }
}

function answerAction(
  { action, ...parameters }: Parameters,
  { temporaryUrl, database, actions }: FakeCloudBaseOptions,
  origin: string,
): DatabaseAnswer {
  const name = String(action)
  if (database && name.startsWith('database.')) return database.answer(name, parameters)
  if (name === 'storage.batchGetDownloadUrl') return { data: linksFor(parameters, temporaryUrl) }

  if (name === 'storage.getUploadMetadata') return { data: uploadTo(origin, String(parameters.path)) }

  const act = actions?.[name]
  return act ? { data: act(parameters) } : { code: 'INVALID_PARAM', message: `no action ${name}` }
}

const uploadTo = (origin: string, path: string): object => ({
  url: `${origin}${UPLOADS}${path}`,
  token: 'upload-token',
  authorization: signatureOf(path),
  fileId: fileIdOf(path),
  cosFileId: `cos of ${path}`,
})

function linksFor({ file_list }: Parameters, temporaryUrl: FakeCloudBaseOptions['temporaryUrl']): object {
  const files = file_list as readonly { readonly fileid: string }[]
  return {
    download_list: files.map(({ fileid }) => {
      const url = temporaryUrl?.(fileid)
      return url
        ? { code: 'SUCCESS', fileID: fileid, tempFileURL: url }
        : { code: 'STORAGE_FILE_NONEXIST', fileID: fileid, tempFileURL: '' }
    }),
  }
}
