// What every client here does, with the npm package xmlrpc: HOST PORT USER PASSWORD.
const xmlrpc = require('xmlrpc');

const [host, port, user, pass] = process.argv.slice(2);
const client = xmlrpc.createClient({ host, port, path: '/RPC2', basic_auth: { user, pass } });
const ask = (method, ...params) =>
  new Promise((resolve, reject) =>
    client.methodCall(method, params, (error, value) => (error ? reject(error) : resolve(value))));
const word = (flag) => (flag === true ? 'True' : 'False');

(async () => {
  console.log('state', (await ask('supervisor.getState')).statename);
  for (const info of await ask('supervisor.getAllProcessInfo')) {
    console.log('process', info.group, info.name, info.statename, word(info.pid > 0));
  }
  console.log('stop', word(await ask('supervisor.stopProcess', 'cat')));
  console.log('start', word(await ask('supervisor.startProcess', 'cat', true)));
  await ask('supervisor.startProcess', 'nobody').catch((error) =>
    console.log('fault', error.faultCode, error.faultString));
  console.log('text', (await ask('supervisor.getProcessInfo', 'café')).name);
  console.log('stdin', word(await ask('supervisor.sendProcessStdin', 'cat', 'é€😀 <&>\n')));
  const calls = [['supervisor.getVersion'], ['supervisor.getState'], ['supervisor.getProcessInfo', 'nobody']];
  const [version, state, wrong] = await ask(
    'system.multicall', calls.map(([methodName, ...params]) => ({ methodName, params })));
  console.log('multicall', version, state.statename, wrong.faultCode);
})();
