// How a client of this folder talks with the test that runs it: JSON, one value a line. See talk.py.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => JSON.parse((await lines.next()).value);

export const settings = next;

export function tell(step, what = {}) {
  process.stdout.write(`${JSON.stringify({ step, ...what })}\n`);
}

export async function visit(address) {
  tell('open', { address: String(address) });
  return new URL(await next());
}

// Does what must be refused, and tells in which words it was.
export async function refused(step, action) {
  let error;
  try {
    await action();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) throw new Error(`${step}: expected a refusal`);
  const told = error.data?.payload ?? error.cause ?? error;
  tell(step, { error: told.error ?? error.code ?? null, description: told.error_description ?? error.message });
}

// An open pipe would keep the process.
export const done = () => process.exit(0);
