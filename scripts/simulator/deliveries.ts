/** What becomes of a subscribe message after it was taken; an errorCode other than 0 says that it was lost. */
export type Delivery = { readonly errorCode: number; readonly errorStatus: string }

/** A run of messages that WeChat takes, and then fails to bring to the phone. */
export type DeliveryFailure = Partial<Delivery> & { readonly times: number }

const DELIVERED: Delivery = { errorCode: 0, errorStatus: 'success' }

export type Deliveries = ReturnType<typeof createDeliveries>

/** Decides which messages reach the phone: all of them, unless told otherwise. */
export function createDeliveries() {
  let failing = { times: 0, outcome: DELIVERED }

  return {
    /** From now on so many messages fail; what was told before is forgotten. */
    fail({ times, errorCode = -1, errorStatus = 'failed: system failed' }: DeliveryFailure): void {
      failing = { times, outcome: { errorCode, errorStatus } }
    },

    next(): Delivery {
      if (failing.times <= 0) return DELIVERED
      failing.times -= 1
      return failing.outcome
    },
  }
}
