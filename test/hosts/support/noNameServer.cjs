// Required before anything else: no host has an address, whatever network this machine is in.
const { Resolver } = require('node:dns/promises')

const notFound = async (host) => {
  throw Object.assign(new Error(`no address of ${host}`), { code: 'ENOTFOUND' })
}
Resolver.prototype.resolve4 = notFound
Resolver.prototype.resolve6 = notFound
