import { type Browser, chromium } from 'playwright-core';
import { program } from '../../support/tools';

/** The browser of this machine; undefined where there is none. */
export const chromiumPath = program('chromium') ?? program('google-chrome');

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      ...['--disable-component-update', '--no-first-run'],
    ],
  });
}
