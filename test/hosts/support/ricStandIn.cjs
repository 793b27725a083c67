/**
 * Stands in for the native client of aws-lambda-ric, which takes a minute and a compiler to build. Its four methods only
 * speak the Runtime API; the loop, JSON, context and error handling around them are AWS's own JavaScript.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
const http = require('node:http')
const Module = require('node:module')

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true })

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const options = { host, port, agent, method, path: `/2018-06-01/runtime/invocation${path}` }
    http
      .request(options, (response) => {
        const parts = []
        response
          .on('data', (part) => parts.push(part))
          .on('end', () => resolve({ bodyJson: String(Buffer.concat(parts)), headers: response.headers }))
      })
      .on('error', reject)
      .end(body)
  })

let posted = Promise.resolve()

const client = {
  initializeClient() {},
  async next() {
    await posted
    return call('GET', '/next')
  },
  done(id, body) {
    posted = call('POST', `/${id}/response`, body)
  },
  error(id, body) {
    posted = call('POST', `/${id}/error`, body)
  },
}

const load = Module._load
Module._load = function loadOrStandIn(request, ...rest) {
  return /rapid-client\.node$/.test(request) ? client : load.call(this, request, ...rest)
}
