import { VARIABLES } from '../shared/core/config.ts'
import { CLOUDBASE_VARIABLES } from '../shared/platform/cloudbase/cloudbaseVariables.ts'
import { AWS_VARIABLES } from '../shared/platform/dynamodb/awsSettings.ts'
import type { CheckedFiles } from './check.ts'
import { readValue } from './configText.ts'

/** Variables about the deployment itself, which our code does not read. */
const DEPLOYMENT_VARIABLES = ['TCB_ENV_ID', 'TENCENTCLOUD_REGION', ...CLOUDBASE_VARIABLES, ...AWS_VARIABLES]

/** One line for each variable that a file sets without need, lacks, or leaves unexplained. */
export function checkVariables(files: CheckedFiles): readonly string[] {
  const taken = (text: string, pattern: RegExp) =>
    [...text.matchAll(pattern)].flatMap(([, name]) => name ?? [])
  const onCloudBase = new Set(taken(files['cloudbaserc.json'], /\{\{\s*env\.(\w+)\s*\}\}/g))
  const onAws = new Set(Object.keys(readValue(files['serverless.yml'], ['provider', 'environment']) ?? {}))
  const takenForAws = taken(files['serverless.yml'], /\$\{env:(\w+)/g)
  const explained = new Set(files['README.md'].match(/\w+/g))

  return [
    ...unknown('cloudbaserc.json', onCloudBase),
    ...unknown('serverless.yml', new Set([...onAws, ...takenForAws])),
    ...absent('cloudbaserc.json', onCloudBase, [...VARIABLES, ...AWS_VARIABLES]),
    ...absent('serverless.yml', onAws, [...VARIABLES, ...CLOUDBASE_VARIABLES]),
    ...absent('README.md', explained, VARIABLES),
  ]
}

const KNOWN: ReadonlySet<string> = new Set([...VARIABLES, ...DEPLOYMENT_VARIABLES])

const unknown = (file: string, names: ReadonlySet<string>): readonly string[] =>
  [...names].filter((name) => !KNOWN.has(name)).map((name) => `${file}: nothing reads the variable ${name}`)

const absent = (file: string, names: ReadonlySet<string>, needed: readonly string[]): readonly string[] =>
  needed.filter((name) => !names.has(name)).map((name) => `${file}: lacks the variable ${name}`)
