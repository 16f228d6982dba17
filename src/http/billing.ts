import { OpenEOError } from '../base/errors';

/** Nothing is charged here: one plan, no currency, and costs of 0. */
export const billing = {
  currency: null,
  default_plan: 'free',
  plans: [{ name: 'free', description: 'Everything, without charge.', paid: false }],
} as const;

/** @throws OpenEOError `BillingPlanInvalid` for a plan that is not offered; names are compared without case */
export function checkPlan(plan: string | null | undefined): void {
  if (typeof plan !== 'string') return;
  if (!billing.plans.some(({ name }) => name === plan.toLowerCase()))
    throw new OpenEOError('BillingPlanInvalid');
}

/** @throws OpenEOError `BudgetInvalid` where nothing could ever be paid from it, and for more than numbers can say */
export function checkBudget(budget: number | null | undefined): void {
  if (typeof budget === 'number' && !(budget > 0 && Number.isFinite(budget)))
    throw new OpenEOError('BudgetInvalid');
}
