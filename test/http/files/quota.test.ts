import fc from 'fast-check';
import { Ledger, type Reservation } from '../../../src/http/files/quota';

const quotaBytes = 100;
const exceeded = expect.objectContaining({ code: 'StorageQuotaExceeded' });

test('counts what is stored and what is being uploaded', () => {
  const ledger = new Ledger([['a', 60]], quotaBytes);
  const upload = ledger.reserve('b');
  upload.grow(40);
  expect(() => upload.grow(1)).toThrow(exceeded);
  const other = ledger.reserve('c');
  expect(() => other.grow(1)).toThrow(exceeded);
  upload.end();
  other.grow(40);
  other.commit();
  other.end();
  expect(() => ledger.reserve('d').grow(1)).toThrow(exceeded);
  ledger.remove('a');
  ledger.reserve('d').grow(60);
});

test('a file takes the place of the one that it replaces', () => {
  const ledger = new Ledger([['a', 90]], quotaBytes);
  const upload = ledger.reserve('a');
  upload.grow(100);
  upload.commit();
  upload.end();
  const smaller = ledger.reserve('a');
  smaller.grow(10);
  // While it can still fail, the old one counts.
  expect(() => ledger.reserve('b').grow(1)).toThrow(exceeded);
  smaller.commit();
  smaller.end();
  ledger.reserve('b').grow(90);
});

test('ending twice gives back once', () => {
  const ledger = new Ledger([], quotaBytes);
  const upload = ledger.reserve('a');
  upload.grow(50);
  upload.end();
  upload.end();
  expect(ledger.running).toBe(0);
  expect(() => ledger.reserve('b').grow(101)).toThrow(exceeded);
});

test('whatever happens in whatever order, what is stored keeps to the quota', () => {
  const action = fc.record({
    upload: fc.nat(3),
    kind: fc.constantFrom('grow', 'commit', 'end', 'remove'),
    bytes: fc.nat(60),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const ledger = new Ledger([['k0', 30]], quotaBytes);
      const stored = new Map([['k0', 30]]);
      const uploads = new Map<number, { reservation: Reservation; own: number }>();
      for (const { upload, kind, bytes } of actions) {
        const key = `k${upload % 2}`;
        const open = uploads.get(upload) ?? { reservation: ledger.reserve(key), own: 0 };
        uploads.set(upload, open);
        if (kind === 'remove') {
          ledger.remove(key);
          stored.delete(key);
        } else if (kind === 'grow') {
          try {
            open.reservation.grow(bytes);
            open.own += bytes;
          } catch (error) {
            expect(error).toEqual(exceeded);
          }
        } else {
          if (kind === 'commit') {
            open.reservation.commit();
            stored.set(key, open.own);
          }
          open.reservation.end();
          uploads.delete(upload);
        }
        expect([...stored.values()].reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(quotaBytes);
      }
      for (const { reservation } of uploads.values()) reservation.end();
      expect(ledger.running).toBe(0);
    }),
  );
});
