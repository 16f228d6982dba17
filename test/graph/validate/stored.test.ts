import { codes, createWorld, graph, node, param, result } from '../kit';

describe('stored processes', () => {
  const wrap = (process: string, args: object = {}) => ({
    process_graph: { n: node(process, { ...args }, result) },
  });

  test('that call each other in a circle are refused, and the circle is named', async () => {
    const looped = createWorld({ stored: { a: wrap('b'), b: wrap('c'), c: wrap('a') } });
    const [issue, ...others] = await looped.validate(wrap('a'));
    expect(issue).toMatchObject({ code: 'ProcessGraphInvalid', node: ['n'] });
    expect(issue.message).toMatch(/circle: (a → b → c → a|b → c → a → b|c → a → b → c)/);
    expect(others).toEqual([]);
  });

  test('that are broken are reported where they are called', async () => {
    const broken = createWorld({ stored: { a: wrap('add', { x: 1 }) } });
    expect(await broken.validate(wrap('a'))).toEqual([
      {
        code: 'ProcessParameterRequired',
        message: 'The process a cannot be used at n: The process add needs a value for its parameter y.',
        node: ['n'],
        pointer: '/n',
      },
    ]);
  });

  test('cannot read parameters that they do not declare', async () => {
    const asking = createWorld({ stored: { a: wrap('constant', { x: param('tile_x') }) } });
    expect(await asking.validate(wrap('a'))).toMatchObject([
      { code: 'ProcessParameterRequired', node: ['n'] },
    ]);
  });

  test('come after predefined ones, unless the namespace says otherwise', async () => {
    const both = createWorld({ stored: { constant: wrap('text', { text: 'mine' }) } });
    const call = (namespace?: string) =>
      graph({ n: node('constant', namespace === 'user' ? {} : { x: 1 }, { result: true, namespace }) });
    expect(await both.run(call())).toBe(1);
    expect(await both.run(call('backend'))).toBe(1);
    expect(await both.run(call('user'))).toBe('mine');
  });

  test('are asked for once each', async () => {
    const shared = createWorld({ stored: { a: wrap('c'), b: wrap('c'), c: wrap('constant', { x: 1 }) } });
    await shared.run(graph({ a: node('a', {}), b: node('b', {}, result), c: node('c', {}) }));
    expect(shared.asked.sort()).toEqual(['a', 'b', 'c']);
  });

  test('do not exist for anonymous callers', async () => {
    const stored = createWorld({ stored: { a: wrap('constant', { x: 1 }) } });
    expect(codes(await stored.runner.validate(wrap('a') as never, {}))).toEqual(['ProcessUnsupported /n']);
  });
});
