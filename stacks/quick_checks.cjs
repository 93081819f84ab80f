// Runs in each Node process of the app, before CDK does.
//
// The process makes and checks a few templates and ends after a second or two. What V8 does
// for programs that stay, on other cores, is more than half of its CPU time, and thrown away:
const flags = [
  // CDK's check is a WebAssembly module: its busy functions are not compiled a second time,
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  // nor are CDK's own, in JavaScript.
  '--no-opt',
  // The module's memory grows in small steps. V8 takes each for a shortage and looks through
  // the whole heap for garbage, some sixty times; the main thread alone looks a few times.
  '--no-concurrent-marking',
];
const v8 = require('node:v8');
for (const flag of flags) v8.setFlagsFromString(flag);
