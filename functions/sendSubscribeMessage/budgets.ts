import type { Config } from '../../shared/core/config.ts'
import type { Caller } from '../../shared/function/caller.ts'
import { callerScope } from '../../shared/function/callerScope.ts'
import type { DailyBudget } from '../../shared/state/dailyBudgets.ts'

/** What a send is counted in. The user's budgets bind users alone, the template's whoever sends it. */
export function budgetsOf(
  caller: Caller<'user' | 'server'>,
  templateId: string,
  config: Config,
): readonly DailyBudget[] {
  const budgets: DailyBudget[] = []
  if (caller.kind === 'user') {
    budgets.push({
      owner: callerScope(caller, 'budget'),
      limits: [
        { counter: 'sends', variable: 'USER_SENDS_PER_DAY', limit: config.userSendsPerDay },
        {
          counter: `sends:${templateId}`,
          variable: 'USER_TEMPLATE_SENDS_PER_DAY',
          limit: config.userTemplateSendsPerDay,
        },
      ],
      countsRefusals: true,
    })
  }
  const limit = config.templateSendsPerDay
  if (limit !== undefined) {
    budgets.push({
      owner: `template:${templateId}`,
      limits: [{ counter: 'sends', variable: 'TEMPLATE_SENDS_PER_DAY', limit }],
      countsRefusals: false,
    })
  }
  return budgets
}
