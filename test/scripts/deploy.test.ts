import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { build } from '../../scripts/build.ts'
import { discoverFunctions } from '../../scripts/functions.ts'
import { ROOT } from '../../scripts/projectRoot.ts'
import { createScratchFolder } from './scratchProject.ts'

type Resource = { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }

type Resources = Readonly<Record<string, Resource>>

/** What osls makes of the project with nothing but a home folder: no credentials, no configuration. */
async function packageForAws(variables: Readonly<Record<string, string>> = {}): Promise<Resources> {
  const folder = await createScratchFolder()
  await build({ outdir: join(folder, 'dist') })
  await copyFile(join(ROOT, 'serverless.yml'), join(folder, 'serverless.yml'))
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await mkdir(join(folder, 'home'))
  const env = { ...variables, PATH: process.env.PATH, HOME: join(folder, 'home') }
  await promisify(execFile)('node_modules/.bin/osls', ['package'], { cwd: folder, env })

  const template = await readFile(
    join(folder, '.serverless/cloudformation-template-update-stack.json'),
    'utf8',
  )
  return JSON.parse(template).Resources
}

const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

test('osls packages the project offline: a role, a log and the routes of each function, and the table', async () => {
  const functions = await discoverFunctions()

  const resources = await packageForAws()

  const ofType = (type: string) => Object.values(resources).filter(({ Type }) => Type === type)
  expect(ofType('AWS::IAM::Role')).toHaveLength(functions.length)
  for (const { name, timeoutSeconds } of functions) {
    const id = upperFirst(name)
    expect(resources[`${id}LambdaFunction`]?.Properties).toMatchObject({
      Handler: 'index.handler',
      Runtime: 'nodejs22.x',
      Architectures: ['arm64'],
      Timeout: timeoutSeconds,
      Role: { 'Fn::GetAtt': [`${id}Role`, 'Arn'] },
    })
    expect(resources[`${id}LogGroup`]?.Properties).toMatchObject({ RetentionInDays: 30 })
    expect(statementsOf(resources[`${id}Role`])).toEqual([
      { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Resource: arnOf('StateTable') },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf(`${id}LogGroup`),
      },
    ])
  }
  expect(
    ofType('AWS::ApiGatewayV2::Route')
      .map(({ Properties }) => Properties.RouteKey)
      .sort(),
  ).toEqual(
    functions
      .filter(({ access }) => access.some((kind: string) => kind !== 'timer'))
      // WeChat verifies the URL of its pushes with a GET.
      .flatMap(({ name, push }) => [`POST /${name}`, ...(push ? [`GET /${name}`] : [])])
      .sort(),
  )
  expect(ofType('AWS::Events::Rule').map(({ Properties }) => Properties.ScheduleExpression)).toEqual(
    functions.filter(({ schedule }) => schedule).map(() => expect.stringMatching(/^rate\(\d+ minutes?\)$/)),
  )
  expect(resources.StateTable).toMatchObject({
    DeletionPolicy: 'Retain',
    Properties: {
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    },
  })
}, 30_000)

const variablesOf = (resource: Resource | undefined) =>
  (resource?.Properties.Environment as { Variables: object } | undefined)?.Variables

test("on AWS the state is in the stack's table, or in the collection of a CloudBase environment", async () => {
  const [byDefault, inCloudBase] = await Promise.all([
    packageForAws(),
    packageForAws({
      STATE_STORE: 'cloudbase',
      STATE_TABLE: 'states',
      TCB_ENV: 'env-1',
      TENCENTCLOUD_SECRETID: 'id',
      TENCENTCLOUD_SECRETKEY: 'key',
    }),
  ])

  expect(variablesOf(byDefault.LoginLambdaFunction)).toMatchObject({
    STATE_STORE: 'dynamodb',
    STATE_TABLE: { Ref: 'StateTable' },
    TCB_ENV: '',
    TENCENTCLOUD_SECRETKEY: '',
  })
  expect(variablesOf(inCloudBase.LoginLambdaFunction)).toMatchObject({
    STATE_STORE: 'cloudbase',
    STATE_TABLE: 'states',
    TCB_ENV: 'env-1',
    TENCENTCLOUD_SECRETID: 'id',
    TENCENTCLOUD_SECRETKEY: 'key',
    TENCENTCLOUD_REGION: '',
  })
}, 60_000)

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] })

const statementsOf = (role: Resource | undefined): readonly unknown[] => {
  const policies = role?.Properties.Policies as readonly { PolicyDocument: { Statement: unknown[] } }[]
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
}
