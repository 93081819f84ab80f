// Runs in each Node process of the app, before CDK does.
//
// CDK checks templates with a WebAssembly module that lives for a second or two. V8 would
// compile its busy functions a second time, optimized, on other cores: about half of the
// checks' CPU time, for code that is thrown away at once.
require('node:v8').setFlagsFromString('--no-wasm-tier-up');
require('node:v8').setFlagsFromString('--no-wasm-dynamic-tiering');
