import { describe, expect, test } from 'vitest'
import { readPushMessage } from '../../shared/push/readPushMessage.ts'
import { readXml, xmlMessage } from './sampleMessages.ts'

describe('XML', () => {
  test('has texts for leaves and a list for repeated elements', () => {
    expect(readXml('<A><B>1</B><B><![CDATA[<2>]]></B><C/><D></D><E> x </E></A>')?.fields.A).toEqual({
      B: ['1', '<2>'],
      C: '',
      D: '',
      E: ' x ',
    })
  })

  test('may have white space between elements, and a declaration', () => {
    const text = `\ufeff \r\n<?xml version="1.0" encoding="utf-8"?>\r\n${xmlMessage('\r\n <A>\r\n\t<B>1</B>\r\n</A>\r\n')}\n`

    expect(readPushMessage('xml', text)?.fields.A).toEqual({ B: '1' })
  })

  test('has the characters that references stand for', () => {
    expect(readXml('<A>&lt;&amp;&#65;&#x1F600;&gt;</A>')?.fields.A).toBe('<&A😀>')
  })

  test.each([
    ['markup', '<!DOCTYPE html><!ENTITY a "b"><script a="b"><!-- -->'],
    ['many opening tags', '<a>'.repeat(100)],
    ['two parts of CDATA', 'a]]]]><![CDATA[>b'],
    ['other scripts', '红茶 😀 ‮'],
  ])('in CDATA may be %s: a user may write it', (_, content) => {
    expect(readXml(`<Content><![CDATA[${content}]]></Content>`)?.fields.Content).toBe(
      content.replace(']]]]><![CDATA[>', ']]>'),
    )
  })

  test('has U+FFFD for characters that it does not have', () => {
    expect(readXml('<Content><![CDATA[a\0b\u0008c\ufffed]]></Content>')?.fields.Content).toBe('a�b�c�d')
  })

  test('has names as they are, be they those of methods', () => {
    expect(readXml('<toString>a</toString><valueOf>b</valueOf>')?.fields).toMatchObject({
      toString: 'a',
      valueOf: 'b',
    })
  })

  test.each([
    ['another root', '<html><MsgType>text</MsgType></html>'],
    ['no root', 'text'],
    ['two roots', xmlMessage('') + xmlMessage('')],
    ['something behind it', `${xmlMessage('')}x`],
    ['an empty root', '<xml/>'],
    ['a text for a root', '<xml>text</xml>'],
    ['an end missing', xmlMessage('<A>')],
    ['a wrong end', xmlMessage('<A></B>')],
    ['text between elements', xmlMessage('text<A/>')],
    ['an attribute', xmlMessage('<A b="c"/>')],
    ['a namespace', '<xml xmlns="urn:x"><MsgType>text</MsgType></xml>'],
    ['a comment', xmlMessage('<!-- x -->')],
    ['an instruction', xmlMessage('<?x y?>')],
    ['a declaration in the middle', xmlMessage('<?xml version="1.0"?>')],
    ['a document type', `<!DOCTYPE xml>${xmlMessage('')}`],
    [
      'an external entity',
      `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>${xmlMessage('<A>&a;</A>')}`,
    ],
    ['an entity of its own', `<!DOCTYPE xml [<!ENTITY a "b">]>${xmlMessage('<A>&a;</A>')}`],
    ['an entity declared inside', xmlMessage('<!ENTITY a "b"><A>&a;</A>')],
    ['a document type in lower case', `<!doctype xml>${xmlMessage('')}`],
    ['an entity that nobody declared', xmlMessage('<A>&nbsp;</A>')],
    ['a bare ampersand', xmlMessage('<A>a & b</A>')],
    ['a reference to NUL', xmlMessage('<A>&#0;</A>')],
    ['a reference to half a character', xmlMessage('<A>&#xD800;</A>')],
    ['a reference beyond Unicode', xmlMessage('<A>&#x110000;</A>')],
    ['a reference without end', xmlMessage('<A>&#65</A>')],
    ['an enormous reference', xmlMessage(`<A>&#${'9'.repeat(60_000)};</A>`)],
    ['the end of CDATA outside', xmlMessage('<A>]]></A>')],
    ['CDATA without end', xmlMessage('<A><![CDATA[x</A>')],
  ])('with %s is refused', (_, text) => {
    expect(readPushMessage('xml', text)).toBeUndefined()
  })
})
