import { beforeAll, expect, test } from 'vitest'
import { checkProject, type Project, readProject } from '../../scripts/check.ts'
import { VARIABLES } from '../../shared/core/config.ts'
import { CLOUDBASE_VARIABLES } from '../../shared/platform/cloudbase/cloudbaseVariables.ts'

let project: Project

beforeAll(async () => {
  const { functions, faults, files } = await readProject()
  project = { functions, faults, files: { ...files, 'README.md': VARIABLES.join('\n') }, hasTest: () => true }
})

/** The project with one file changed. */
function edited(file: keyof Project['files'], before: string | RegExp, after: string): Project {
  const text = project.files[file]
  const changed = text.replace(before, after)
  expect(changed).not.toBe(text)
  return { ...project, files: { ...project.files, [file]: changed } }
}

test('cloudbaserc.json and serverless.yml say what the functions declare', () => {
  expect(checkProject(project)).toEqual([])
})

test('a value changed by hand is shown beside the one that it should have', () => {
  const stale = edited('serverless.yml', /(?<=login\.zip \}\s+timeout: )\d+/, '59')

  const faults = checkProject(stale)

  expect(faults[0]).toBe('serverless.yml: is stale; run npm run config')
  expect(faults.slice(1)).toEqual([
    '  - functions.login.timeout: 59',
    expect.stringMatching(/^ {2}\+ functions\.login\.timeout: \d+$/),
  ])
})

test('a function that is missing from the deployment files is shown in both', () => {
  const [login] = project.functions.filter(({ name }) => name === 'login')
  const renamed = Object.freeze({ ...login, name: 'logIn' }) as Project['functions'][number]
  const functions = project.functions.map((fn) => (fn === login ? renamed : fn))

  const faults = checkProject({ ...project, functions })

  expect(faults).toEqual([
    'cloudbaserc.json: is stale; run npm run config',
    expect.stringMatching(/^ {2}- functions\.login: \{"name":"login",.*…$/),
    expect.stringMatching(/^ {2}\+ functions\.logIn: \{"name":"logIn",.*…$/),
    'serverless.yml: is stale; run npm run config',
    expect.stringMatching(/^ {2}- functions\.login: \{/),
    expect.stringMatching(/^ {2}\+ functions\.logIn: \{/),
    'serverless.yml: is stale; run npm run config',
    expect.stringMatching(/^ {2}- resources\.1\.Resources\.LoginRole: \{/),
    expect.stringMatching(/^ {2}\+ resources\.1\.Resources\.LogInRole: \{/),
  ])
})

test('a role that was given more is shown', () => {
  const faults = checkProject(edited('serverless.yml', 'dynamodb:PutItem ]', "'dynamodb:*' ]"))

  expect(faults.join('\n')).toMatch(/- resources\.1\.Resources\.\w+Role\..*dynamodb:\*/)
})

const strayed: readonly [
  what: string,
  file: keyof Project['files'],
  before: string | RegExp,
  after: string,
  fault: string,
][] = [
  [
    'dropped for AWS',
    'serverless.yml',
    /\n.*LOG_LEVEL.*/,
    '',
    'serverless.yml: lacks the variable LOG_LEVEL',
  ],
  [
    'dropped for AWS, though a store needs it,',
    'serverless.yml',
    /\n.*TENCENTCLOUD_SECRETKEY: .*/,
    '',
    'serverless.yml: lacks the variable TENCENTCLOUD_SECRETKEY',
  ],
  [
    'added for AWS',
    'serverless.yml',
    'environment:',
    'environment:\n    LOG_LEVLE: debug',
    'serverless.yml: nothing reads the variable LOG_LEVLE',
  ],
  [
    'misspelt for AWS',
    'serverless.yml',
    'env:LOG_LEVEL',
    'env:LOG_LEVLE',
    'serverless.yml: nothing reads the variable LOG_LEVLE',
  ],
  [
    'misspelt for CloudBase',
    'cloudbaserc.json',
    'env.TCB_ENV_ID',
    'env.TCB_ENVID',
    'cloudbaserc.json: nothing reads the variable TCB_ENVID',
  ],
  ['not explained', 'README.md', 'STATE_KEYS', '', 'README.md: lacks the variable STATE_KEYS'],
]

test.each(strayed)('a variable that is %s is named', (_what, file, before, after, fault) => {
  expect(checkProject(edited(file, before, after))).toEqual([fault])
})

test("no deployment to CloudBase sets what is the platform's own to set", () => {
  const [name = ''] = CLOUDBASE_VARIABLES
  const ours = project.files['cloudbaserc.json']

  for (const variable of CLOUDBASE_VARIABLES) expect(ours).not.toContain(`"${variable}"`)
  expect(checkProject(edited('cloudbaserc.json', '"LOG_LEVEL":', `"${name}": "e", "LOG_LEVEL":`))).toEqual([
    'cloudbaserc.json: is stale; run npm run config',
    expect.stringContaining(`envVariables.${name}: "e"`),
  ])
})

test('a key that the CloudBase CLI would ignore is refused', () => {
  const faults = checkProject(edited('cloudbaserc.json', '"version"', '"framework": {},\n  "version"'))

  expect(faults.join('\n')).toContain('cloudbaserc.json: ✖ Unrecognized key: "framework"')
})

test('a function without a test is named', () => {
  const faults = checkProject({ ...project, hasTest: (name) => name !== 'login' })

  expect(faults).toEqual(['functions/login: has no test; write test/functions/login.test.ts'])
})

test('a missing file is named', () => {
  const files = { ...project.files, 'README.md': '' }

  expect(checkProject({ ...project, files })).toEqual(['README.md: is missing'])
})

test('faults of the functions come first, without the differences that follow from them', () => {
  const [, ...functions] = project.functions
  const faults = ['functions/broken: has no index.ts']

  expect(checkProject({ ...project, functions, faults })).toEqual(faults)
})
