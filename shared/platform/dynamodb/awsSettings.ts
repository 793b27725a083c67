import type { Environment } from '../../core/config.ts'
import { configProblem } from '../../core/problem.ts'

/** Where DynamoDB is and who we are there. Lives as long as one request. */
export type AwsSettings = {
  readonly endpoint: URL
  readonly region: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

/** What a deployment outside AWS sets itself for `STATE_STORE=dynamodb`. Lambda sets its own. */
export const AWS_VARIABLES = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const

/**
 * Reads AWS's own variables. Lambda sets them; elsewhere the deployment does. Profiles, files and metadata
 * services are not consulted.
 *
 * @throws Problem `CONFIG_ERROR` naming the variable that is missing or malformed
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
 */
export function readAwsSettings(environment: Environment): AwsSettings {
  const region = environment.AWS_REGION || readRequired(environment, 'AWS_DEFAULT_REGION', 'AWS_REGION')
  const sessionToken = environment.AWS_SESSION_TOKEN
  return {
    endpoint: readEndpoint(environment) ?? regionalEndpoint(region),
    region,
    credentials: {
      accessKeyId: readRequired(environment, 'AWS_ACCESS_KEY_ID'),
      secretAccessKey: readRequired(environment, 'AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken && { sessionToken }),
    },
  }
}

function readRequired(environment: Environment, name: string, nameToSet = name): string {
  const value = environment[name]
  if (!value) throw configProblem(nameToSet, 'is missing')

  return value
}

function readEndpoint(environment: Environment): URL | undefined {
  for (const name of ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL']) {
    const text = environment[name]
    if (!text) continue
    if (!/^https?:/i.test(text) || !URL.canParse(text))
      throw configProblem(name, 'is not an http or https URL')

    return new URL(text)
  }
  return undefined
}

const regionalEndpoint = (region: string): URL => {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return new URL(`https://dynamodb.${region}.${domain}`)
}
