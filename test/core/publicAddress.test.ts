import { describe, expect, test } from 'vitest'
import { isPublicAddress } from '../../shared/core/publicAddress.ts'

describe('an address on the public internet', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '223.255.255.255',
    '2001:4860:4860::8888',
    '2606:2800:220:1:248:1893:25c8:1946',
    '2400:3200::1',
    '2a00:1450:4001:82a::200e',
    '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
})

describe('an address of a special block is not public, from its first to its last', () => {
  test.each([
    ['this network', '0.0.0.0', '0.255.255.255'],
    ['private (10/8)', '10.0.0.0', '10.255.255.255'],
    ['shared by carriers', '100.64.0.0', '100.127.255.255'],
    ['loopback', '127.0.0.0', '127.255.255.255'],
    ['link-local, with the metadata of clouds', '169.254.0.0', '169.254.255.255'],
    ['private (172.16/12)', '172.16.0.0', '172.31.255.255'],
    ['protocol assignments', '192.0.0.0', '192.0.0.255'],
    ['documentation', '192.0.2.0', '192.0.2.255'],
    ['former 6to4 relays', '192.88.99.0', '192.88.99.255'],
    ['private (192.168/16)', '192.168.0.0', '192.168.255.255'],
    ['benchmarks', '198.18.0.0', '198.19.255.255'],
    ['documentation, second', '198.51.100.0', '198.51.100.255'],
    ['documentation, third', '203.0.113.0', '203.0.113.255'],
    ['multicast', '224.0.0.0', '239.255.255.255'],
    ['reserved and broadcast', '240.0.0.0', '255.255.255.255'],
    ['unspecified and loopback', '::', '::1'],
    ['IPv4-compatible', '::8.8.8.8', '::ffff:ffff'],
    ['IPv4-mapped, even of a public one', '::ffff:0.0.0.0', '::ffff:8.8.8.8'],
    ['IPv4-mapped in hexadecimal', '::ffff:7f00:1', '::ffff:a9fe:a9fe'],
    ['IPv4-translated', '::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8'],
    ['NAT64 of a loopback', '64:ff9b::127.0.0.1', '64:ff9b::7fff:ffff'],
    ['NAT64 of a private address', '64:ff9b::10.0.0.1', '64:ff9b::c0a8:1'],
    ['NAT64 of link-local', '64:ff9b::169.254.169.254', '64:ff9b::a9fe:ffff'],
    ['local NAT64', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
    ['discard-only', '100::', '100::ffff:ffff:ffff:ffff'],
    ['Teredo', '2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['Teredo of a loopback', '2001:0:4136:e378:8000:63bf:80ff:fffe', '2001::ffff'],
    ['benchmarks and ORCHID', '2001:2::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['documentation of IPv6', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['6to4 of a loopback', '2002:7f00:1::', '2002:7f00:1::1'],
    ['6to4 of a private address', '2002:a00:1::', '2002:c0a8:101::1'],
    ['6to4 at all', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['documentation of IPv6, second', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['never handed out', '4000::', '5f00::1'],
    ['unique-local', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['the metadata of AWS', 'fd00:ec2::254', 'fd20:ce::254'],
    ['link-local of IPv6', 'fe80::1', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['formerly site-local', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['multicast of IPv6', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('%s: %s, %s', (_, first, last) => {
    expect([isPublicAddress(first), isPublicAddress(last)]).toEqual([false, false])
  })
})

describe('the neighbours of a special block are public', () => {
  test.each([
    ['1.0.0.0', '9.255.255.255'],
    ['11.0.0.0', '100.63.255.255'],
    ['100.128.0.0', '126.255.255.255'],
    ['128.0.0.0', '169.253.255.255'],
    ['169.255.0.0', '172.15.255.255'],
    ['172.32.0.0', '191.255.255.255'],
    ['192.0.1.0', '192.0.3.0'],
    ['192.88.98.255', '192.88.100.0'],
    ['192.167.255.255', '192.169.0.0'],
    ['198.17.255.255', '198.20.0.0'],
    ['203.0.112.255', '203.0.114.0'],
    ['2001:200::', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:db9::', '2003::'],
    ['64:ff9b::1.1.1.1', '64:ff9b::808:808'],
  ])('%s, %s', (one, other) => {
    expect([isPublicAddress(one), isPublicAddress(other)]).toEqual([true, true])
  })
})

test.each([
  '',
  'localhost',
  'cdn.example.com',
  '1.2.3.4.5',
  '256.0.0.1',
  '::g',
  'fe80::1%eth0',
  '[2400::1]',
  ':',
])('%j is no address, so it is not public', (text) => {
  expect(isPublicAddress(text)).toBe(false)
})
