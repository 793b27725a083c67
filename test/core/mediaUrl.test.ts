import { describe, expect, it, test } from 'vitest'
import { checkMediaUrl } from '../../shared/core/mediaUrl.ts'

const refusal = (reason: unknown = expect.any(String)) =>
  expect.objectContaining({ code: 'MEDIA_URL_FORBIDDEN', options: { field: 'mediaUrl', reason } })

describe('a URL on a public host is accepted', () => {
  test.each([
    ['https://example.com/a.png'],
    ['https://cdn.example.com'],
    ['https://cdn.example.com?x=1'],
    ['https://cdn.example.com:443/a.png'],
    ['https://6465-dev-1300000000.tcb.qcloud.la/a.mp3?sign=0a&t=1700000000'],
    ['HTTPS://CDN.Example.COM/A.PNG'],
    ['https://xn--fsqu00a.xn--0zwm56d/a.png'],
    ['https://cdn.example.com/user@example.org/a.png'],
    ['https://cdn.example.com/图片.png'],
    ['https://123.example.com/a.png'],
    ['https://localhost.example.com/a.png'],
    [`https://example.com/${'x'.repeat(2028)}`],
  ])('%s', (url) => {
    expect(() => checkMediaUrl(url, [])).not.toThrow()
  })
})

describe('a URL that could lead elsewhere is refused', () => {
  test.each([
    ['has another scheme', 'http://example.com/a.png'],
    ['has another scheme', 'ftp://example.com/a.png'],
    ['has another scheme', 'file:///etc/passwd'],
    ['has another scheme', 'data:image/png;base64,AAAA'],
    ['has another scheme', 'cloud://env.6465/a.png'],
    ['has no scheme', '//example.com/a.png'],
    ['is empty', ''],
    ['has no host', 'https://'],
    ['has no host', 'https:///example.com/a.png'],
    ['has no slashes, which a browser would add', 'https:example.com/a.png'],
    ['has a user name', 'https://user@example.com/a.png'],
    ['has a password', 'https://user:password@example.com/a.png'],
    ['has an empty user name', 'https://@example.com/a.png'],
    ['has a user name that looks like a host', 'https://example.com:443@127.0.0.1/'],
    ['has a backslash', 'https://example.com\\@127.0.0.1/'],
    ['has a space in front', ' https://example.com/a.png'],
    ['has a space inside', 'https://example.com/a b.png'],
    ['has a tab, which a browser would drop', 'https://exa\tmple.com/a.png'],
    ['has a line break', 'https://example.com/a.png\r\nHost: evil'],
    ['has a NUL', 'https://example.com\0.evil.com/'],
    ['is too long', `https://example.com/${'x'.repeat(2029)}`],
    ['has another port', 'https://example.com:8443/a.png'],
    ['has the port of http', 'https://example.com:80/a.png'],
    ['has a port out of range', 'https://example.com:99999/a.png'],
    ['has an escape in its host', 'https://ex%61mple.com/a.png'],
    ['has full-width letters in its host', 'https://ｅxample.com/a.png'],
    ['has an ideographic full stop in its host', 'https://example。com/a.png'],
    ['has an invisible letter in its host', 'https://example.com\u00ad/a.png'],
    ['has a host outside Latin letters', 'https://例子.中国/a.png'],
  ])('it %s: %j', (_, url) => {
    expect(() => checkMediaUrl(url, [])).toThrow(refusal())
  })

  test.each([
    ['127.0.0.1'],
    ['8.8.8.8'],
    ['169.254.169.254'],
    ['2130706433'],
    ['0x7f000001'],
    ['0x7f.0.0.1'],
    ['017700000001'],
    ['0177.0.0.1'],
    ['127.1'],
    ['0'],
    ['127.0.0.1.'],
    ['127%2e0%2e0%2e1'],
    ['１２７.0.0.1'],
    ['①②⑦.0.0.1'],
    ['[::1]'],
    ['[::ffff:127.0.0.1]'],
    ['[fd00:ec2::254]'],
    ['[2001:4860:4860::8888]'],
  ])('it has the address %s for a host', (host) => {
    expect(() => checkMediaUrl(`https://${host}/a.png`, [])).toThrow(
      refusal('has an address in place of a host name'),
    )
  })

  test.each([
    ['localhost'],
    ['intranet'],
    ['app.localhost'],
    ['printer.local'],
    ['metadata.google.internal'],
    ['service.test'],
    ['service.invalid'],
    ['router.home.arpa'],
    ['nas.lan'],
    ['hidden.onion'],
    ['METADATA.GOOGLE.INTERNAL'],
    ['localhost.'],
    ['example.com.'],
    ['metadata.google.internal.'],
    ['example..com'],
    ['.example.com'],
    ['-a.example.com'],
    ['a-.example.com'],
    ['a_b.example.com'],
    ['*.example.com'],
    [`${'a'.repeat(64)}.example.com`],
  ])('it is on %s, which is no public host', (host) => {
    expect(() => checkMediaUrl(`https://${host}/a.png`, [])).toThrow(refusal('is not on a public host'))
  })
})

describe('a list of allowed hosts narrows it further', () => {
  const allowedHosts = ['cdn.example.com', '*.Media.example.org']

  test.each([
    ['https://cdn.example.com/a.png'],
    ['https://CDN.example.com/a.png'],
    ['https://eu.media.example.org/a.png'],
    ['https://a.b.media.example.org/a.png'],
  ])('%s is covered', (url) => {
    expect(() => checkMediaUrl(url, allowedHosts)).not.toThrow()
  })

  test.each([
    ['https://example.com/a.png'],
    ['https://eu.cdn.example.com/a.png'],
    ['https://cdn.example.com.evil.com/a.png'],
    ['https://evilcdn.example.com/a.png'],
    ['https://media.example.org/a.png'],
    ['https://evilmedia.example.org/a.png'],
    ['https://evil.com/cdn.example.com'],
    ['https://evil.com/?cdn.example.com'],
    ['https://evil.com/#.media.example.org'],
  ])('%s is not', (url) => {
    expect(() => checkMediaUrl(url, allowedHosts)).toThrow(refusal('is on a host that is not allowed here'))
  })

  it('cannot open what is closed to all', () => {
    for (const host of ['localhost', '127.0.0.1', 'metadata.google.internal']) {
      expect(() => checkMediaUrl(`https://${host}/a.png`, [host, '*.internal'])).toThrow(refusal())
    }
  })
})
