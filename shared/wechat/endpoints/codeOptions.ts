import type { WechatJson } from '../endpoint.ts'

/** How a mini-program code looks and where it leads, for the endpoints that can vary it. */
export type CodeOptions = {
  readonly width?: number | undefined
  readonly autoColor?: boolean | undefined
  readonly lineColor?: { readonly r: number; readonly g: number; readonly b: number } | undefined
  readonly isHyaline?: boolean | undefined
  readonly envVersion?: 'release' | 'trial' | 'develop' | undefined
}

/** The options in WeChat's spelling; what is not set is left to WeChat's default. */
export const toCodeBody = ({
  width,
  autoColor,
  lineColor,
  isHyaline,
  envVersion,
}: CodeOptions): WechatJson => ({
  ...(width !== undefined && { width }),
  ...(autoColor !== undefined && { auto_color: autoColor }),
  ...(lineColor !== undefined && { line_color: lineColor }),
  ...(isHyaline !== undefined && { is_hyaline: isHyaline }),
  ...(envVersion !== undefined && { env_version: envVersion }),
})
