import type { AnyFunction } from '../shared/function/define.ts'
import { toRate } from './schedule.ts'

/** How osls deploys a function: its entry under `functions` in serverless.yml. */
export const toServerlessFunction = ({ name, access, timeoutSeconds, schedule, push }: AnyFunction) => ({
  handler: 'index.handler',
  package: { artifact: `dist/lambda/${name}.zip` },
  timeout: timeoutSeconds,
  role: roleOf(name),
  events: [
    ...(access.some((kind) => kind !== 'timer') ? [{ httpApi: `POST /${name}` }] : []),
    // WeChat verifies the URL of its message push with a GET.
    ...(push ? [{ httpApi: `GET /${name}` }] : []),
    ...(schedule ? [{ schedule: toRate(schedule) }] : []),
  ],
})

/** The roles by their name in the CloudFormation template. */
export const toRoles = (functions: readonly AnyFunction[]) =>
  Object.fromEntries(functions.map(({ name }) => [roleOf(name), toRole(name)]))

/** What one function may do: get and put single items of the state table, and write to its own log. */
const toRole = (name: string) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: policy({
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    }),
    Policies: [
      {
        PolicyName: 'state',
        PolicyDocument: policy({
          Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
          Resource: arnOf('StateTable'),
        }),
      },
      {
        PolicyName: 'log',
        PolicyDocument: policy({
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          // osls makes the log group; its ARN ends in `:*`, which stands for its streams.
          Resource: arnOf(`${pascalCase(name)}LogGroup`),
        }),
      },
    ],
  },
})

const policy = (statement: object) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', ...statement }],
})

const arnOf = (resource: string) => ({ 'Fn::GetAtt': [resource, 'Arn'] })

const roleOf = (name: string): string => `${pascalCase(name)}Role`

const pascalCase = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
