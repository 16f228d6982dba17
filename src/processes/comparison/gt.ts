import { ordering } from './ordering';

export const { run, kernel } = ordering('($0 > $1)', { holdsForEqual: false });
